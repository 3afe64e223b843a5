import type { NextFunction, Request, Response } from 'express';

/** What fits no event of any platform. */
const largestBytes = 256 * 1024;
/** Who sends more than this is not worth an answer. */
const patienceBytes = 4 * 1024 * 1024;

const bodies = new WeakMap<Request, string>();

/** The body as it came, whatever it calls itself. @returns `undefined` for one that is too large */
export function rawBodyOf(request: Request): string | undefined {
  return request.method === 'POST' ? bodies.get(request) : '';
}

/**
 * Reads a callback's body whole. It stands before Nest's body parser, which would take JSON and forms apart, and answer what it cannot
 * read by itself. One that is too large is let run past, so that its sender gets the answer that all others get.
 */
export function readRawCallback(request: Request, _response: Response, next: NextFunction): void {
  if (request.method !== 'POST') return next();
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= largestBytes) chunks.push(chunk);
    else chunks.length = 0;
    if (size > patienceBytes) request.destroy();
  });
  request.on('end', () => {
    if (size <= largestBytes) bodies.set(request, Buffer.concat(chunks).toString('utf8'));
    next();
  });
  // A sender who leaves gets no answer; without this the error would be nobody's.
  request.on('error', () => undefined);
}

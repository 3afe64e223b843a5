import type { IncomingMessage } from 'node:http';

const long = new WeakSet<IncomingMessage>();

/** Lets a caller, once it is known who they are, send for as long as they please, as long as something comes. */
export function allowLongBody(request: IncomingMessage): void {
  long.add(request);
}

/** Whether the body may take longer than others. */
export function mayTakeLong(request: IncomingMessage): boolean {
  return long.has(request);
}

import type { HttpException } from '@nestjs/common';
import type { Request } from 'express';

/** Why a request never got as far as our rules. */
export interface UnreadRequest {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  /** The methods that its address takes, where that was the trouble. */
  readonly allow?: readonly string[];
}

/** In our own words: those of the libraries repeat the path or the body, with whatever stands in it. */
const titles: Readonly<Record<number, string>> = {
  400: 'The request cannot be read: its path, its encoding or its JSON is broken.',
  404: 'There is nothing at this address.',
  413: 'The body is too large.',
  415: 'The body is of a kind that is not taken here: it must be application/json, in UTF-8.',
};

/** What the framework refused before a route was found, or before its body was read. */
export function unreadRequest(error: HttpException, request: Request): UnreadRequest {
  const status = error.getStatus();
  const title = titles[status] ?? 'The request is not taken.';
  if (status !== 404) return { status, code: 'request_invalid', title };
  const allow = methodsAt(request);
  // What a route itself does not find is of a method that it takes.
  if (allow.length === 0 || allow.includes(request.method))
    return { status, code: 'not_found', title };
  return {
    status: 405,
    code: 'method_not_allowed',
    title: `This address takes ${allow.join(', ')} only.`,
    allow,
  };
}

/** A route as Express keeps it, beyond what its types tell. */
interface Layer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/** The methods of the routes that a path of the API leads to. Others are the engine's too, which is no route of Express. */
function methodsAt({ app, path }: Request): readonly string[] {
  if (!path.startsWith('/api/v1/')) return [];
  const layers = app.router.stack as unknown as readonly Layer[];
  const methods = layers.flatMap((layer) =>
    layer.route && layer.match(path) ? Object.keys(layer.route.methods) : [],
  );
  return [...new Set(methods.map((method) => method.toUpperCase()))].sort();
}

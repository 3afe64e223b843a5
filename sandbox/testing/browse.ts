/** What the sandbox's specs walk it with: a browser that does not follow redirects, and a JSON caller. */
export interface Visit {
  readonly status: number;
  readonly text: string;
  /** Where it redirects to; empty when it does not. */
  readonly location: string;
}

export async function browse(url: string, headers: Record<string, string> = {}): Promise<Visit> {
  const response = await fetch(url, { headers, redirect: 'manual' });
  return {
    status: response.status,
    text: await response.text(),
    location: response.headers.get('location') ?? '',
  };
}

/** The address of the link that carries an attribute, e.g. `data-member="wang.m"` or `data-refuse`. */
export function hrefOf(page: string, attribute: string): string {
  const link = page.match(/<a\b[^>]*>/g)?.find((tag) => tag.includes(attribute));
  const href = link?.match(/href="([^"]*)"/)?.[1];
  if (href === undefined) throw new Error(`no link with ${attribute} on the page`);
  return href;
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON object; empty when the answer is none. */
  readonly body: Record<string, unknown>;
}

/** GET, or POST when there is a body: an object goes as JSON, URLSearchParams as a form. */
export async function json(
  url: string,
  body?: object | string,
  headers: Record<string, string> = {},
): Promise<JsonAnswer> {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    redirect: 'manual',
    headers:
      body === undefined || body instanceof URLSearchParams
        ? headers
        : { 'content-type': 'application/json', ...headers },
    ...(body === undefined
      ? {}
      : {
          body:
            body instanceof URLSearchParams || typeof body === 'string'
              ? body
              : JSON.stringify(body),
        }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parse(text) };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

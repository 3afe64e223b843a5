/** A browser without a screen, for the check: cookies by host and path, redirects one at a time. */
export class Walker {
  readonly #cookies = new Map<string, string>();

  constructor(private readonly headers: Readonly<Record<string, string>> = {}) {}

  /** Follows redirects to a page. @returns where that is, and what it says */
  async open(
    url: string | URL,
    form?: Record<string, string>,
  ): Promise<{ url: URL; status: number; text: string }> {
    let at = new URL(url);
    let body = form && new URLSearchParams(form).toString();
    for (let hops = 0; hops < 20; hops += 1) {
      const response = await fetch(at, {
        method: body === undefined ? 'GET' : 'POST',
        redirect: 'manual',
        headers: {
          ...this.headers,
          cookie: this.#cookiesFor(at),
          ...(body !== undefined && { 'content-type': 'application/x-www-form-urlencoded' }),
        },
        ...(body !== undefined && { body }),
      });
      this.#keep(response.headers.getSetCookie(), at);
      const text = await response.text();
      const location = response.headers.get('location');
      if (!location) return { url: at, status: response.status, text };
      at = new URL(location, at);
      body = undefined;
    }
    throw new Error('too many redirects');
  }

  #cookiesFor(url: URL): string {
    return [...this.#cookies]
      .map(([key, value]) => ({ place: key.split(' '), value }))
      .filter(
        ({ place: [origin, path = '/'] }) => origin === url.origin && url.pathname.startsWith(path),
      )
      .map(({ place: [, , name], value }) => `${name ?? ''}=${value}`)
      .join('; ');
  }

  #keep(headers: readonly string[], url: URL): void {
    for (const header of headers) {
      const [pair = '', ...attributes] = header.split(/;\s*/);
      const path = attributes.find((attribute) => /^path=/i.test(attribute))?.slice(5) ?? '/';
      const key = [url.origin, path, pair.slice(0, pair.indexOf('='))].join(' ');
      if (attributes.some((attribute) => /^expires=Thu, 01 Jan 1970/i.test(attribute)))
        this.#cookies.delete(key);
      else this.#cookies.set(key, pair.slice(pair.indexOf('=') + 1));
    }
  }
}

/** The address of the link on a page that carries an attribute. */
export function linkOn(page: { url: URL; text: string }, attribute: string): URL {
  const tag = page.text.match(/<a\b[^>]*>/g)?.find((found) => found.includes(attribute));
  const href = tag && /href="([^"]*)"/.exec(tag)?.[1];
  if (!href) throw new Error(`there is no ${attribute} at ${page.url.pathname}`);
  return new URL(href.replace(/&amp;/g, '&'), page.url);
}

/** The address and the fields of the form on a page whose address ends in `action`. */
export function formOn(
  page: { url: URL; text: string },
  action: string,
  fields: Record<string, string>,
): [url: URL, form: Record<string, string>] {
  const target = [...page.text.matchAll(/<form[^>]*\saction="([^"]*)"/g)]
    .map((match) => new URL((match[1] ?? '').replace(/&amp;/g, '&'), page.url))
    .find(({ pathname }) => pathname.endsWith(action));
  const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)?.[1];
  if (!target || csrf === undefined)
    throw new Error(`there is no form for ${action} at ${page.url.pathname}`);
  return [target, { csrf, ...fields }];
}

/** What the application's page says of one claim. */
export function claimOn(page: { text: string }, name: string): string | undefined {
  return new RegExp(`<th scope="row">${name}</th><td>([^<]*)</td>`).exec(page.text)?.[1];
}

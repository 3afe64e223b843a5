import { ValidateBy } from 'class-validator';

/** A base URL in place of a platform's public host: it may have a path of its own. */
export function IsBaseUrl(): PropertyDecorator {
  return ValidateBy({
    name: 'isBaseUrl',
    validator: {
      validate: (value: unknown) => {
        if (typeof value !== 'string' || !URL.canParse(value)) return false;
        const { protocol, search, hash, username } = new URL(value);
        return (
          (protocol === 'https:' || protocol === 'http:') &&
          !search &&
          !hash &&
          !username &&
          !value.endsWith('/')
        );
      },
      defaultMessage: () => 'must be an http(s) base URL without trailing slash, query or user',
    },
  });
}

/** Joins a base URL, a path and a query. */
export function urlOf(
  base: string,
  path: string,
  query: Readonly<Record<string, string>> = {},
): URL {
  const url = new URL(base + path);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

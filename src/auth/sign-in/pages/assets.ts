import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/**
 * The pages' style, script and mark, read once at start. Each has its content's hash in its name, so that browsers may
 * keep it for ever and a new release is seen at once.
 */
const contentTypes = {
  'lingpai.css': 'text/css; charset=utf-8',
  'dingtalk-bridge.js': 'text/javascript; charset=utf-8',
  'mark.svg': 'image/svg+xml',
} as const;

export type AssetName = keyof typeof contentTypes;

/** A file as it is served. */
export interface Asset {
  readonly contentType: string;
  readonly body: Buffer;
  /** A strong validator, quotes included, as it goes into the `ETag` header. */
  readonly etag: string;
}

/** The `Cache-Control` of every asset. */
export const assetCacheControl = 'public, max-age=31536000, immutable';

const named = (Object.keys(contentTypes) as AssetName[]).map((name) => {
  const body = readFileSync(join(import.meta.dirname, 'assets', name));
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  const extension = extname(name);
  const url = `/assets/${name.slice(0, -extension.length)}.${hash}${extension}`;
  const asset: Asset = { contentType: contentTypes[name], body, etag: `"${hash}"` };
  return { name, url, asset };
});

const urls = new Map(named.map(({ name, url }) => [name, url]));

/** The assets by the path under which they are served, e.g. `/assets/lingpai.3fa2c1d4e5f6.css`. */
export const assets: ReadonlyMap<string, Asset> = new Map(
  named.map(({ url, asset }) => [url, asset]),
);

/** The path of an asset, e.g. `/assets/lingpai.3fa2c1d4e5f6.css` for `lingpai.css`. */
export function assetUrl(name: AssetName): string {
  return urls.get(name) ?? `/assets/${name}`;
}

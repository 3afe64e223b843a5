import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/**
 * The pages' style, scripts and mark, read once at start. Each has its content's hash in its name, so that browsers may
 * keep it for ever and a new release is seen at once.
 */
const sources = {
  'lingpai.css': {
    contentType: 'text/css; charset=utf-8',
    files: ['theme.css', 'layout.css', 'parts.css', 'forms.css'],
  },
  'dingtalk-bridge.js': {
    contentType: 'text/javascript; charset=utf-8',
    files: ['dingtalk-bridge.js'],
  },
  'send-form.js': { contentType: 'text/javascript; charset=utf-8', files: ['send-form.js'] },
  'mark.svg': { contentType: 'image/svg+xml', files: ['mark.svg'] },
} as const;

export type AssetName = keyof typeof sources;

/** A file as it is served. */
export interface Asset {
  readonly contentType: string;
  readonly body: Buffer;
  /** A strong validator, quotes included, as it goes into the `ETag` header. */
  readonly etag: string;
}

/** The `Cache-Control` of every asset. */
export const assetCacheControl = 'public, max-age=31536000, immutable';

const named = (Object.keys(sources) as AssetName[]).map((name) => {
  const { contentType, files } = sources[name];
  const body = Buffer.concat(
    files.map((file) => readFileSync(join(import.meta.dirname, 'assets', file))),
  );
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
  const extension = extname(name);
  const url = `/assets/${name.slice(0, -extension.length)}.${hash}${extension}`;
  const asset: Asset = { contentType, body, etag: `"${hash}"` };
  return { name, url, asset };
});

const urls = Object.fromEntries(named.map(({ name, url }) => [name, url])) as Record<
  AssetName,
  string
>;

/** The assets by the path under which they are served, e.g. `/assets/lingpai.3fa2c1d4e5f6.css`. */
export const assets: ReadonlyMap<string, Asset> = new Map(
  named.map(({ url, asset }) => [url, asset]),
);

/** The path of an asset, e.g. `/assets/lingpai.3fa2c1d4e5f6.css` for `lingpai.css`. */
export function assetUrl(name: AssetName): string {
  return urls[name];
}

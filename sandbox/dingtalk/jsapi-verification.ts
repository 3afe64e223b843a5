import { createHash } from 'node:crypto';

import type { DingtalkSettings, DingtalkState } from './state.js';
import { findCorp, type DingtalkApp } from './world.js';

/** What the client knows of a page that calls `dd.config`. */
export interface JsapiPage {
  /** The object that the page handed over. */
  readonly configured: Readonly<Record<string, unknown>>;
  /** The address that the page was loaded from, without `#` and what follows. */
  readonly url: string;
}

type Hash = 'sha1' | 'sha256';

/** What the client says of a page: 0, or the code it refuses with (reference dingtalk 5.3). */
export function verifyJsapi(state: DingtalkState, { configured, url }: JsapiPage): number {
  const corp = findCorp(state.world, text(configured['corpId']) ?? '');
  if (!corp) return 52010;
  const app = corp.apps.find(({ agentId }) => agentId === text(configured['agentId']));
  if (!app) return 52019;
  if (app.disabled === true) return 52021;

  const timestamp = text(configured['timeStamp']);
  const noncestr = text(configured['nonceStr']);
  const signature = text(configured['signature']);
  if (timestamp === undefined || !/^\d+$/.test(timestamp)) return 52018;
  if (noncestr === undefined) return 52015;
  if (signature === undefined || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(signature)) return 52016;
  if (!isListOfNames(configured['jsApiList'])) return 52017;
  if (![undefined, 0, 1].includes(configured['type'] as number | undefined)) return 52022;
  const signedUrl = urlAsSigned(url);
  if (signedUrl === undefined) return 52014;

  return verifySignature(state, app, signature, { noncestr, timestamp, url: signedUrl });
}

/** Another app's ticket, one that ran out or none at all are told apart from a signature that is simply wrong. */
function verifySignature(
  state: DingtalkState,
  app: DingtalkApp,
  signature: string,
  signed: Readonly<Record<string, string>>,
): number {
  const { tickets } = state;
  const hashes = accepted[state.settings.jsapiHash];
  const isOf = (clientId: string): boolean => clientId === app.clientId;
  const signer = tickets
    .all()
    .find(({ id }) =>
      hashes.some((hash) => digestOf(hash, { ...signed, jsapi_ticket: id }) === signature),
    );
  if (!signer) return tickets.newestLive(({ clientId }) => isOf(clientId)) ? 52013 : 52011;
  if (!isOf(signer.value.clientId)) {
    return state.app(signer.value.clientId)?.corpId === app.corpId ? 52019 : 52011;
  }
  return tickets.isLive(signer) ? 0 : 52011;
}

const accepted: Readonly<Record<DingtalkSettings['jsapiHash'], readonly Hash[]>> = {
  sha256: ['sha256'],
  sha1: ['sha1'],
  either: ['sha256', 'sha1'],
};

/** Lower-case hex over the values by the order of their keys, raw (reference dingtalk 5.2). */
export function digestOf(hash: Hash, values: Readonly<Record<string, string>>): string {
  const signed = Object.keys(values)
    .sort()
    .map((key) => `${key}=${values[key] ?? ''}`)
    .join('&');
  return createHash(hash).update(signed, 'utf8').digest('hex');
}

/**
 * The page's address as DingTalk signs it: the query URL-decoded once, `+` being a space, all else as it is, the port
 * too (reference dingtalk 5.2). Undefined for what is no address, or a query that does not decode.
 */
export function urlAsSigned(href: string): string | undefined {
  const [address = ''] = href.split('#');
  if (!/^https?:\/\/[^/?]/.test(address)) return undefined;
  const mark = address.indexOf('?');
  if (mark < 0) return address;
  const query = address.slice(mark + 1);
  if (/%(?![0-9a-f]{2})/i.test(query)) return undefined;
  const decoded = query
    .replaceAll('+', ' ')
    .replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
      Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'),
    );
  return `${address.slice(0, mark)}?${decoded}`;
}

/** Names without the `dd.` prefix (reference dingtalk 5.3). */
function isListOfNames(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((name) => text(name)?.startsWith('dd.') === false)
  );
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

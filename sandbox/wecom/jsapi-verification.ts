import { createHash } from 'node:crypto';

import type { ExpiringStore } from '../expiring-store.js';
import type { WecomState } from './state.js';
import { findApp, findCorp } from './world.js';

export type JsapiCall = 'config' | 'agentConfig';

/** What the client knows of a page that calls `wx.config` or `wx.agentConfig`. */
export interface JsapiPage {
  /** The object that the page handed over. */
  readonly configured: Readonly<Record<string, unknown>>;
  /** The page's address now, without `#` and what follows. */
  readonly url: string;
  /** Whether a `wx.config` of this page was accepted before. */
  readonly hasConfig: boolean;
}

/** From here on `wx.agentConfig` stands alone (reference wecom 8). */
const AGENT_CONFIG_ALONE = '3.0.24';

/** What the client says of a page: 0, or the code it refuses with (reference wecom 8, 11). */
export function verifyJsapi(state: WecomState, call: JsapiCall, page: JsapiPage): number {
  const { configured } = page;
  if (call === 'agentConfig' && !page.hasConfig && needsConfigFirst(state)) return 48002;

  const corpId = text(configured[call === 'config' ? 'appId' : 'corpid']);
  if (corpId === undefined) return 40063;
  const corp = findCorp(state.world, corpId);
  if (!corp) return 40013;
  const app = call === 'config' ? undefined : findApp(corp, Number(text(configured['agentid'])));
  if (call === 'agentConfig' && !app) return 40056;
  if (app?.disabled === true) return 50003;

  return verifyPage(page, {
    key: app ? `${corpId}/${app.agentId}` : corpId,
    tickets: state.jsapiTickets,
    trustedDomains: (app ? [app] : corp.apps).flatMap((it) => state.trustedDomains(corp, it)),
  });
}

/** Whose ticket a page's signature must come from, and where the page may be. */
export interface JsapiTarget {
  readonly key: string;
  readonly tickets: ExpiringStore<{ key: string }>;
  readonly trustedDomains: readonly string[];
}

/** What is the same for every sort of app, once it is known whose page it is. */
export function verifyPage({ configured, url }: JsapiPage, target: JsapiTarget): number {
  const [timestamp, nonceStr] = [text(configured['timestamp']), text(configured['nonceStr'])];
  if (timestamp === undefined || nonceStr === undefined) return 40063;
  // Seconds: eleven digits and more are milliseconds, which WeCom's pages never speak of.
  if (!/^\d{1,10}$/.test(timestamp)) return 40058;
  if (!isListOfNames(configured['jsApiList'])) return 40063;
  if (!isOnTrustedDomain(target, url)) return 85005;

  return verifySignature(target, {
    signature: text(configured['signature']) ?? '',
    signed: { nonceStr, timestamp, url },
  });
}

interface Signed {
  readonly nonceStr: string;
  readonly timestamp: string;
  readonly url: string;
}

/** 40093 for a signature that no good ticket explains, 42012 for one by another kind's or another app's ticket. */
function verifySignature(
  { key, tickets }: JsapiTarget,
  { signature, signed }: { readonly signature: string; readonly signed: Signed },
): number {
  const signer = tickets
    .all()
    .find((entry) => tickets.isLive(entry) && signatureBy(entry.id, signed) === signature);
  if (!signer) return 40093;
  return signer.value.key === key ? 0 : 42012;
}

/** SHA-1 in lower-case hex of the four values in this order, nothing encoded (reference wecom 8). */
export function signatureBy(ticket: string, { nonceStr, timestamp, url }: Signed): string {
  const signed = `jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`;
  return createHash('sha1').update(signed, 'utf8').digest('hex');
}

/** Whether the client wants `wx.config` before `wx.agentConfig`. */
export function needsConfigFirst({ settings }: WecomState): boolean {
  const [client, first] = [settings.clientVersion, AGENT_CONFIG_ALONE];
  return client.localeCompare(first, 'en', { numeric: true }) < 0;
}

/** A trusted domain of the app, or for `wx.config` of any app of the company; here subdomains are covered. */
function isOnTrustedDomain({ trustedDomains }: JsapiTarget, url: string): boolean {
  if (!/^https?:\/\/[^#]+$/.test(url) || !URL.canParse(url)) return false;
  const { host } = new URL(url);
  return trustedDomains.some((domain) => host === domain || host.endsWith(`.${domain}`));
}

function isListOfNames(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length > 0 && value.every((name) => text(name) !== undefined)
  );
}

/** Numbers pass as text: the library makes text of them before the client sees them. */
export function text(value: unknown): string | undefined {
  if (typeof value === 'number') return value.toString();
  return typeof value === 'string' && value !== '' ? value : undefined;
}

import { randomBytes, randomInt } from 'node:crypto';

import { encrypt, signatureOf } from './callback-crypto.js';
import type { CallbackPair } from './world.js';

/** A callback as it goes over the wire. */
export interface Envelope {
  readonly query: { msg_signature: string; timestamp: string; nonce: string };
  readonly body: string;
}

export interface Addressed {
  /** What is appended to the plaintext (reference 7.2). */
  readonly receiveId: string;
  /** The envelope's own words, which no signature covers. */
  readonly toUserName: string;
  readonly agentId: string;
}

/** A message encrypted and signed: each time with other random bytes and another nonce. */
export function seal(
  pair: CallbackPair,
  message: string,
  to: Addressed,
  seconds: number,
): Envelope {
  return envelope(pair, encrypt(pair.aesKey, message, to.receiveId), to, seconds);
}

/** The envelope of what is encrypted already. */
export function envelope(
  pair: CallbackPair,
  encrypted: string,
  { toUserName, agentId }: Omit<Addressed, 'receiveId'>,
  seconds: number,
): Envelope {
  const fields = { ToUserName: toUserName, AgentID: agentId, Encrypt: encrypted };
  return { query: signedQuery(pair.token, encrypted, seconds), body: xml(fields) };
}

export function signedQuery(token: string, encrypted: string, seconds: number): Envelope['query'] {
  const timestamp = seconds.toString();
  const nonce = randomInt(1_000_000_000).toString() + randomBytes(2).toString('hex');
  return { msg_signature: signatureOf(token, timestamp, nonce, encrypted), timestamp, nonce };
}

export type XmlFields = Readonly<Record<string, string | number | undefined>>;

/** Text in CDATA, numbers bare; `blank` puts the blank of WeCom's sample before the CDATA of `InfoType`. */
export function xml(fields: XmlFields, blank = false): string {
  const elements = Object.entries(fields).map(([name, value]) => {
    if (value === undefined) return '';
    if (typeof value === 'number') return `<${name}>${value}</${name}>`;
    const space = blank && name === 'InfoType' ? ' ' : '';
    return `<${name}>${space}<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]></${name}>`;
  });
  return `<xml>${elements.join('')}</xml>`;
}

/** The URL with parameters at the end of its query, percent-encoded: `+` of base64 too. */
export function withQuery(url: string, query: Readonly<Record<string, string>>): string {
  return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(query).toString()}`;
}

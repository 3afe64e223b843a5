import { encrypt, getSignature } from '@wecom/crypto';

import type { CallbackRequest } from '../../platform-events.js';
import { cast } from './open-fake.js';

/** A callback as WeCom makes it, by an implementation that is not ours. */
export interface Push {
  readonly xml: string;
  readonly receiveId: string;
  readonly token?: string;
}

const timestamp = '1767225600';
const nonce = 'nonce42';

export function post({ xml, receiveId, token = 'suiteToken' }: Push): CallbackRequest {
  const encrypted = encrypt(cast.aesKey, xml, receiveId);
  return {
    method: 'POST',
    query: queryOf(token, encrypted),
    body: `<xml><ToUserName><![CDATA[${receiveId}]]></ToUserName><AgentID><![CDATA[]]></AgentID><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`,
  };
}

/** The test of a URL when it is saved in the console. */
export function verification(receiveId: string, token = 'suiteToken'): CallbackRequest {
  const encrypted = encrypt(cast.aesKey, '7130425512345678901', receiveId);
  const query = queryOf(token, encrypted);
  query.set('echostr', encrypted);
  return { method: 'GET', query, body: '' };
}

/** A command of the app's suite: the fields in CDATA, with a time that is now for the stopped clock. */
export function command(
  infoType: string,
  fields: Readonly<Record<string, string>> = {},
  suiteId = cast.suite,
): string {
  return xmlOf({ SuiteId: suiteId, InfoType: infoType, TimeStamp: timestamp, ...fields });
}

export function xmlOf(fields: Readonly<Record<string, string>>): string {
  const parts = Object.entries(fields).map(
    ([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`,
  );
  return `<xml>${parts.join('')}</xml>`;
}

function queryOf(token: string, encrypted: string): URLSearchParams {
  const signature = getSignature(token, timestamp, nonce, encrypted);
  return new URLSearchParams({ msg_signature: signature, timestamp, nonce });
}

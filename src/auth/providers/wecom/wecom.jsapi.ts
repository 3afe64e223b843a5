import type { Clock } from '../../../common/clock.js';
import { type JsapiConfig, jsapiSignature, newNonce } from '../jsapi.js';

/** Whose page it is. */
export interface WecomApp {
  readonly corpId: string;
  readonly agentId: string;
}

/** For `wx.config`, and the `getConfigSignature` of `ww.register` (reference wecom-self-built 8). */
export function wxConfig(
  { corpId }: Pick<WecomApp, 'corpId'>,
  ticket: string,
  url: string,
  clock: Clock,
) {
  return { beta: true, appId: corpId, ...signed(ticket, url, clock) } satisfies JsapiConfig;
}

/** For `wx.agentConfig`, and the `getAgentConfigSignature` of `ww.register`. */
export function wxAgentConfig(
  { corpId, agentId }: WecomApp,
  ticket: string,
  url: string,
  clock: Clock,
) {
  return { corpid: corpId, agentid: agentId, ...signed(ticket, url, clock) } satisfies JsapiConfig;
}

function signed(ticket: string, url: string, clock: Clock) {
  const timestamp = Math.floor(clock.now().getTime() / 1000);
  const nonceStr = newNonce();
  const signature = jsapiSignature({ ticket, nonceStr, timestamp, url }, 'sha1');
  return { timestamp, nonceStr, signature };
}

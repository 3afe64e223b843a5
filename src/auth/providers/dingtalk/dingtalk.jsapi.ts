import { AppError } from '../../../common/app-error.js';
import { refuseForeignTenant } from '../identity-names.js';
import { type Jsapi, jsapiSignature, newNonce, pageRefused } from '../jsapi.js';
import type { ProviderTools } from '../provider.js';
import type { DingtalkSettings } from './dingtalk.settings.js';
import type { DingtalkTokens } from './dingtalk.tokens.js';

/** For `dd.config` (reference dingtalk 5.2, 5.3). */
export function dingtalkJsapi(
  settings: DingtalkSettings,
  tokens: DingtalkTokens,
  tools: ProviderTools,
): Jsapi {
  return {
    async sign(page) {
      if (page.ticket === 'agent') throw pageRefused('ticket', 'must be corp: DingTalk has one');
      refuseForeignTenant(page.tenant, settings.corpId);
      const { agentId, corpId } = settings;
      if (agentId === undefined || corpId === undefined) throw notSetUp();
      const url = asTheClientReadsIt(page.url);
      const ticket = await tools.tokens.get(tokens.jsapiTicket);
      const timeStamp = String(Math.floor(tools.clock.now().getTime() / 1000));
      const nonceStr = newNonce();
      const parts = { ticket, nonceStr, timestamp: timeStamp, url };
      const signature = jsapiSignature(parts, settings.jsapiHash);
      return { agentId, corpId, timeStamp, nonceStr, signature };
    },
  };
}

/**
 * The query is decoded once, as Java's `URLDecoder` does it, so that clients which hand the URL over encoded or raw agree; path and
 * authority stay as they are (5.2).
 * @throws AppError `value_not_allowed` for a query that cannot be decoded
 */
export function asTheClientReadsIt(url: string): string {
  const start = url.indexOf('?');
  if (start < 0) return url;
  try {
    const query = decodeURIComponent(url.slice(start + 1).replaceAll('+', ' '));
    return `${url.slice(0, start)}?${query}`;
  } catch {
    throw pageRefused('url', 'has a query that cannot be decoded');
  }
}

function notSetUp(): AppError {
  return new AppError('platform_misconfigured', 'This connection cannot sign pages yet.', {
    operator: {
      call: 'dd.config',
      platformMessage: 'dd.config wants agentId and corpId',
      fix: 'Give the connection its agentId and its corpId.',
    },
  });
}

import { AppError } from '../../../common/app-error.js';
import { urlOf } from '../endpoint.js';
import type { AuthorizationRequest } from '../provider.js';
import { scrubbed } from './dingtalk.scrub.js';
import type { DingtalkSettings } from './dingtalk.settings.js';

/**
 * DingTalk's login page (reference dingtalk 1.1). With a `corpId`, the page asks for no corp: whichever the person picked, the
 * membership test decides, and a `corpId` sent along would stop an outsider on DingTalk's page, without a word from us.
 */
export function authorizationUrl(
  settings: DingtalkSettings,
  { state, callbackUrl }: AuthorizationRequest,
): URL {
  return urlOf(settings.endpoints.login, '/oauth2/auth', {
    redirect_uri: callbackUrl.href,
    response_type: 'code',
    client_id: settings.clientId,
    scope: settings.corpId === undefined ? 'openid corpid' : 'openid',
    state,
    prompt: 'consent',
  });
}

/**
 * `authCode`, `code`, or both, equal; or `error`, whose values are documented nowhere (1.2).
 * @returns the code
 * @throws AppError `user_cancelled`, `callback_incomplete`
 */
export function readCallback(query: URLSearchParams): string {
  const error = query.get('error');
  if (error) {
    const platformCode = scrubbed(error.slice(0, 100), []) ?? '';
    throw new AppError('user_cancelled', 'The sign-in was cancelled in DingTalk.', {
      operator: { call: 'oauth2/auth', platformCode },
    });
  }
  const code = [query.get('authCode'), query.get('code')].find(Boolean);
  if (code) return code;
  throw new AppError('callback_incomplete', 'DingTalk sent neither a code nor an error.');
}

import type { Reply } from '../http/reply.js';
import { textField } from '../http/request.js';
import { authCorpInfo, authInfo, authUserInfo } from './authorisation-fields.js';
import type { SuiteContext } from './call.js';
import { PRE_AUTH_SECONDS } from './state.js';
import { issueCorpToken, whyUnauthorised } from './token-calls.js';
import { findCustomer, findInstallation } from './world.js';

/** Shorter is a code of another kind (reference 4.4). */
const AUTH_CODE_BYTES = { min: 64, max: 512 };

/** `get_pre_auth_code` (reference 4.1). The app of web login is not installed anywhere. */
export function preAuthCode({ state, suite, refuse, succeed }: SuiteContext): Reply {
  if (suite.kind === 'login') return refuse(48002);
  const entry = state.preAuthCodes.put({ suiteId: suite.suiteId, authType: 0 }, PRE_AUTH_SECONDS);
  return succeed({ pre_auth_code: entry.id, expires_in: PRE_AUTH_SECONDS });
}

/** `set_session_info` (reference 4.2), of this one pre-auth code. */
export function sessionInfo({ state, suite, body, refuse, succeed }: SuiteContext): Reply {
  const code = textField(body, 'pre_auth_code');
  const info = body['session_info'];
  if (code === undefined || typeof info !== 'object' || info === null) return refuse(40063);
  const entry = state.preAuthCodes.find(code);
  if (entry?.value.suiteId !== suite.suiteId) return refuse(40077);
  if (!state.preAuthCodes.isLive(entry)) return refuse(42007);
  const { appid, auth_type: authType = 0 } = info as Record<string, unknown>;
  // Ids of apps exist in old suites of several apps only.
  if (appid !== undefined && !(Array.isArray(appid) && appid.length === 0)) return refuse(40086);
  if (authType !== 0 && authType !== 1) return refuse(40058);
  entry.value.authType = authType;
  return succeed({});
}

/** `v2/get_permanent_code` (reference 4.4): no token, no list of agents. */
export function permanentCode(context: SuiteContext): Reply {
  return exchange(context, 'v2');
}

/** `get_permanent_code`, the first one. */
export function permanentCodeOld(context: SuiteContext): Reply {
  return exchange(context, 'v1');
}

function exchange({ state, suite, body, refuse, succeed }: SuiteContext, version: 'v1' | 'v2') {
  const code = textField(body, 'auth_code');
  if (code === undefined) return refuse(41008);
  const bytes = Buffer.byteLength(code);
  if (bytes < AUTH_CODE_BYTES.min || bytes > AUTH_CODE_BYTES.max) return refuse(40058);
  const grant = state.authCodes.live(code)?.value;
  if (grant?.suiteId !== suite.suiteId) return refuse(40078);
  const corp = findCustomer(state.world, grant.corpId);
  const installation = findInstallation(state.world, grant.corpId, suite.suiteId);
  if (!corp || !installation) return refuse(40078);
  state.authCodes.remove(code);
  const common = {
    permanent_code: installation.permanentCode,
    auth_user_info: authUserInfo(state, corp, installation),
    state: grant.state,
  };
  if (version === 'v2') {
    const { corpid, corp_name } = authCorpInfo(state, corp);
    return succeed({ ...common, auth_corp_info: { corpid, corp_name } });
  }
  return succeed({
    ...common,
    ...(suite.kind === 'third-party' ? issueCorpToken(state, corp.corpId, suite.suiteId) : {}),
    auth_corp_info: authCorpInfo(state, corp),
    auth_info: authInfo(state, suite, corp, installation),
  });
}

/** `get_auth_info` (reference 4.5), with the logo and the code to join by. */
export function authorisation(context: SuiteContext): Reply {
  return currentAuthorisation(context, {});
}

/** `v2/get_auth_info`: other names of the corp besides, and no code to join by. */
export function authorisationNew(context: SuiteContext): Reply {
  return currentAuthorisation(context, {
    corp_wxqrcode: undefined,
    corp_ex_name: { name_list: [] },
  });
}

function currentAuthorisation(
  { state, suite, body, refuse, succeed }: SuiteContext,
  corpFields: Record<string, unknown>,
): Reply {
  const seen = textField(body, 'auth_corpid');
  if (seen === undefined) return refuse(41002);
  const code = textField(body, 'permanent_code');
  if (code === undefined) return refuse(41025);
  const refusal = whyUnauthorised(state, suite.suiteId, seen, code);
  if (refusal !== undefined) return refuse(refusal);
  const corp = state.seen.findCorp(seen);
  const installation = corp && findInstallation(state.world, corp.corpId, suite.suiteId);
  if (!installation) return refuse(40084);
  return succeed({
    auth_corp_info: { ...authCorpInfo(state, corp), ...corpFields },
    auth_info: authInfo(state, suite, corp, installation),
  });
}

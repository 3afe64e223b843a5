import { jsonReply, type Reply } from '../http/reply.js';
import { header, type SandboxRequest } from '../http/request.js';
import { newApiErrors } from './new-api-errors.js';
import type { DingtalkState, Grant } from './state.js';
import { findPerson, openIdOf, unionIdOf, type DingtalkApp, type DingtalkPerson } from './world.js';

/** `contact/users/me`: account-level facts about whoever granted the token (reference dingtalk 1.4). */
export function userProfile(state: DingtalkState, request: SandboxRequest): Reply {
  const token = header(request, 'x-acs-dingtalk-access-token');
  if (token === undefined || token === '') return newApiErrors.missingToken();
  if (state.appTokens.live(token)) return newApiErrors.missingScope('Contact.User.Read');
  const entry = state.userTokens.find(token);
  if (!entry) return newApiErrors.badToken();
  if (!state.userTokens.isLive(entry)) return newApiErrors.expiredUserToken();

  const app = state.app(entry.value.clientId);
  const person = findPerson(state.world, entry.value.personId);
  if (!app || !person) return newApiErrors.badToken();
  if (app.ipAllowList.length > 0 && !app.ipAllowList.includes(request.ip)) {
    return newApiErrors.ipNotAllowed(request.ip);
  }
  if (!app.permissions.includes('Contact.User.Read')) {
    return newApiErrors.missingScope('Contact.User.Read');
  }
  const asked = request.params['unionId'];
  if (asked !== 'me' && asked !== unionIdOf(app.corpId, person.id)) {
    return newApiErrors.userNotFound();
  }
  return jsonReply(state.variation.of(profile(app, person, entry.value)));
}

function profile(app: DingtalkApp, person: DingtalkPerson, grant: Grant): Record<string, unknown> {
  return {
    nick: person.nick,
    unionId: unionIdOf(app.corpId, person.id),
    openId: openIdOf(grant.clientId, person.id),
    avatarUrl: person.avatarUrl,
    ...(app.permissions.includes('Contact.User.mobile')
      ? { mobile: person.mobile, stateCode: person.stateCode }
      : {}),
    email: person.personalEmail,
    visitor: false,
  };
}

import type { PlatformCall, PlatformHost } from '../http/platform-host.js';
import type { Reply } from '../http/reply.js';
import { jsonObject, mediaType, type SandboxRequest } from '../http/request.js';
import { newApiErrors, refuseNewApi } from './new-api-errors.js';
import { jsapiTicket, newAppToken, unifiedAppToken } from './new-api-app-tokens.js';
import { userAccessToken } from './new-api-user-token.js';
import { userProfile } from './new-api-profile.js';
import type { DingtalkState } from './state.js';

/** api.dingtalk.com: token in a header, JSON both ways, real HTTP statuses (reference dingtalk 0.3). */
export function dingtalkNewApiHost(state: DingtalkState): PlatformHost {
  const post = (
    path: string,
    answer: (state: DingtalkState, body: Record<string, unknown>, request: SandboxRequest) => Reply,
  ): PlatformCall => ({
    methods: ['POST'],
    path,
    takesToken: false,
    answer: (request) => {
      if (mediaType(request) !== 'application/json' || request.body.trim() === '') {
        return newApiErrors.missingBody();
      }
      const body = jsonObject(request);
      return body ? answer(state, body, request) : newApiErrors.invalidBody();
    },
  });
  return {
    name: 'api.dingtalk.com',
    speaks: 'json',
    calls: [
      post('/v1.0/oauth2/userAccessToken', userAccessToken),
      post('/v1.0/oauth2/accessToken', newAppToken),
      post('/v1.0/oauth2/{corpId}/token', unifiedAppToken),
      {
        methods: ['POST'],
        path: '/v1.0/oauth2/jsapiTickets',
        takesToken: true,
        answer: (request) => jsapiTicket(state, request),
      },
      {
        methods: ['GET'],
        path: '/v1.0/contact/users/{unionId}',
        takesToken: true,
        answer: (request) => userProfile(state, request),
      },
    ],
    unmatched: () => newApiErrors.actionNotFound(),
    refuse: (kind, request) => refuseNewApi(kind, request.ip),
  };
}

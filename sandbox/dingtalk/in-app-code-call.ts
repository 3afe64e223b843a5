import { isLoopback } from '../http/loopback.js';
import type { PlatformCall } from '../http/platform-host.js';
import { jsonReply } from '../http/reply.js';
import { single } from '../http/request.js';
import { CODE_SECONDS, type DingtalkState } from './state.js';

/**
 * Not DingTalk's: what a browser test stubs `window.dd.requestAuthCode` with, since the real one lives in the
 * DingTalk client. Readable from any page, from this machine only.
 */
export function inAppCodeCall(state: DingtalkState): PlatformCall {
  return {
    methods: ['GET'],
    path: '/sandbox/in-app-code',
    takesToken: false,
    answer: ({ ip, query }) => {
      const headers = { 'access-control-allow-origin': '*', 'cache-control': 'no-store' };
      const clientId = single(query, 'clientId');
      const corpId = single(query, 'corpId');
      const userid = single(query, 'userid');
      if (!isLoopback(ip)) return jsonReply({ error: 'loopback only' }, { status: 403 });
      if (clientId === undefined || corpId === undefined || userid === undefined) {
        const error = 'clientId, corpId and userid are needed';
        return jsonReply({ error }, { status: 400, headers });
      }
      const { id } = state.inAppCodes.put({ clientId, corpId, userid }, CODE_SECONDS);
      return jsonReply({ code: id }, { headers });
    },
  };
}

import type { PlatformHost } from '../http/platform-host.js';
import { emptyReply } from '../http/reply.js';
import { JWEIXIN_PATH, WECOM_JSSDK_PATH, wecomScript } from './jsapi-calls.js';
import type { WecomState } from './state.js';

/** Where pages load `wx` and `ww` from; `wx.agentConfig` comes from open.work.weixin.qq.com. */
export function wecomScriptHosts(state: WecomState): PlatformHost[] {
  return [
    host('res.wx.qq.com', state, JWEIXIN_PATH, 'jweixin.js'),
    host('wwcdn.weixin.qq.com', state, WECOM_JSSDK_PATH, 'wecom-jssdk.js'),
  ];
}

function host(name: string, state: WecomState, path: string, library: string): PlatformHost {
  return {
    name,
    speaks: 'html',
    calls: [wecomScript(state, path, library)],
    unmatched: () => emptyReply(404),
    refuse: () => undefined,
  };
}

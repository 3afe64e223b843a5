import { clientScript } from '../client-script.js';
import type { PlatformHost } from '../http/platform-host.js';
import { emptyReply, jsonReply, type Reply } from '../http/reply.js';
import { jsonObject, textField, type SandboxRequest } from '../http/request.js';
import { verifyJsapi } from './jsapi-verification.js';
import type { DingtalkState } from './state.js';

const texts: Readonly<Record<number, string>> = {
  52010: '无效的corpId',
  52011: 'jsapi ticket读取失败',
  52013: '签名校验失败',
  52014: '无效的url参数',
  52015: '无效的随机字符串参数',
  52016: '无效的签名参数',
  52017: '无效的jsapi列表参数',
  52018: '无效的时间戳',
  52019: '无效的agentId',
  52021: '未授权的微应用',
  52022: '无效的jsapi类型',
};

/** g.alicdn.com: where pages load `dd` from, and the check that the real client makes by itself. */
export function dingtalkScriptHost(state: DingtalkState): PlatformHost {
  return {
    name: 'g.alicdn.com',
    speaks: 'html',
    calls: [
      clientScript('/dingding/dingtalk-jsapi/{version}/dingtalk.open.js', ['dingtalk.js']),
      {
        methods: ['POST'],
        path: '/sandbox/jsapi-config',
        takesToken: false,
        answer: (request) => verify(state, request),
      },
    ],
    unmatched: () => emptyReply(404),
    refuse: () => undefined,
  };
}

function verify(state: DingtalkState, request: SandboxRequest): Reply {
  const page = jsonObject(request) ?? {};
  const configured = page['configured'];
  const errcode = verifyJsapi(state, {
    configured:
      typeof configured === 'object' && configured !== null
        ? (configured as Record<string, unknown>)
        : {},
    url: textField(page, 'url') ?? '',
  });
  return jsonReply(
    { errcode, errmsg: errcode === 0 ? 'ok' : texts[errcode] },
    {
      headers: { 'access-control-allow-origin': '*' },
      ...(errcode === 0 ? {} : { outcome: errcode.toString() }),
    },
  );
}

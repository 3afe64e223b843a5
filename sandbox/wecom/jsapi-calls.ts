import { clientScript } from '../client-script.js';
import type { PlatformCall } from '../http/platform-host.js';
import type { Reply } from '../http/reply.js';
import { jsonObject, textField, type SandboxRequest } from '../http/request.js';
import { wecomError, wecomSuccess, type ReplyParts } from './api-reply.js';
import { verifyJsapi, type JsapiCall, type JsapiPage } from './jsapi-verification.js';
import type { WecomState } from './state.js';

export const JWEIXIN_PATH = '/open/js/jweixin-1.2.0.js';
export const JWXWORK_PATH = '/wwopen/js/jwxwork-1.0.0.js';
export const WECOM_JSSDK_PATH = '/node/open/js/wecom-jssdk-2.4.4.js';

/** One of WeCom's libraries in miniature, behind what its client puts into a page. */
export function wecomScript(state: WecomState, path: string, library: string): PlatformCall {
  return clientScript(path, ['wecom-client.js', library], () => ({
    CLIENT_VERSION: state.settings.clientVersion,
  }));
}

/** Not WeCom's: where the libraries send what a page configured. The real client does this by itself. */
export function wecomVerification(state: WecomState): PlatformCall[] {
  return jsapiCalls.map((call) => ({
    methods: ['POST'],
    path: `/sandbox/jsapi/${call}`,
    takesToken: false,
    answer: (request) =>
      jsapiReply(state, request, verifyJsapi(state, call, readJsapiPage(request))),
  }));
}

export const jsapiCalls: readonly JsapiCall[] = ['config', 'agentConfig'];

/** What a page sent to be verified. */
export function readJsapiPage(request: SandboxRequest): JsapiPage {
  const page = jsonObject(request) ?? {};
  const configured = page['configured'];
  return {
    configured:
      typeof configured === 'object' && configured !== null
        ? (configured as Record<string, unknown>)
        : {},
    url: textField(page, 'url') ?? '',
    hasConfig: page['hasConfig'] === true,
  };
}

export function jsapiReply(state: ReplyParts, request: SandboxRequest, errcode: number): Reply {
  return readableAnywhere(
    errcode === 0 ? wecomSuccess(state, {}) : wecomError(state, request, errcode),
  );
}

function readableAnywhere(reply: Reply): Reply {
  return { ...reply, headers: { ...reply.headers, 'access-control-allow-origin': '*' } };
}

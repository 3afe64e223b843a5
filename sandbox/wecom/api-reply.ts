import type { SandboxClock } from '../clock.js';
import { jsonReply, type Reply } from '../http/reply.js';
import type { SandboxRequest } from '../http/request.js';
import type { Variation } from '../variation.js';

/** What an answer's form depends on. */
export interface ReplyParts {
  readonly clock: SandboxClock;
  readonly variation: Variation;
}

const CONTENT_TYPE = 'application/json; charset=UTF-8';

const texts: Readonly<Record<number, string>> = {
  [-1]: 'system busy',
  40001: 'invalid credential',
  40003: 'invalid userid',
  40013: 'invalid corpid',
  40014: 'invalid access_token',
  40029: 'invalid code',
  40056: 'invalid agentid',
  40058: 'invalid Request Parameter',
  40063: 'some parameters are empty',
  40077: 'invalid pre_auth_code',
  40078: 'invalid auth code',
  40080: 'invalid suite secret',
  40082: 'invalid suite_acccess_token or provider_access_token',
  40083: 'invalid suite id',
  40084: ' invalid authorizer permanent code ',
  40085: 'invalid suite ticket',
  40091: 'secret is invalid',
  40093: 'invalid signature',
  41001: 'access_token missing',
  41002: 'corpid missing',
  41004: 'corpsecret missing',
  41008: 'missing code',
  41009: 'missing userid',
  41021: 'missing suite_id',
  41022: 'missing suite_access_token',
  41023: 'missing suite_ticket',
  41024: 'missing suite_secret',
  41025: 'missing permanent_code',
  42001: 'access_token expired',
  42003: 'code expired',
  42007: 'pre_auth_code expired',
  42009: 'suite_access_token expired',
  42012: 'invalid jsapi_ticket',
  42022: 'code has been used',
  45009: 'api freq out of limit',
  46004: 'user not exist',
  47001: 'data format error',
  48001: 'api unauthorized',
  48002: 'api forbidden',
  48003: 'invalid suite_id',
  48004: 'authorization relation is invalid',
  50001: 'redirect_uri unauthorized',
  50003: 'app is disabled',
  60011: 'no privilege to access/modify contact/party/agent',
  60020: 'not allow to access from your ip',
  60111: 'userid not found',
  84014: 'user_ticket expired',
  84015: 'invalid user_ticket',
  84090: 'missing user_ticket',
  85005: 'invalid url domain',
  91040: 'invalid ticket type',
  92000: 'user not in agent perm list',
  92001: 'agent has no privilege of user private info',
};

/** Errors whose text is sent bare now and then: the decoration is on many errors, not on all. */
const DECORATED_SHARE = 0.8;

/**
 * A refusal: HTTP 200, `errcode`, a text that is mostly decorated with a hint and the caller's address, in some
 * key order (reference wecom 2). `60020` always names the address, since that is what an administrator needs.
 */
export function wecomError(
  state: ReplyParts,
  request: SandboxRequest,
  errcode: number,
  empties: Record<string, unknown> = {},
): Reply {
  const text = texts[errcode] ?? 'error';
  const decorated = errcode === 60020 || state.variation.chance(DECORATED_SHARE);
  const errmsg = decorated ? decorate(state, request, errcode, text) : text;
  return jsonReply(state.variation.of({ errcode, errmsg, ...empties }), {
    headers: {
      'content-type': CONTENT_TYPE,
      'error-code': errcode.toString(),
      'error-msg': text,
    },
    outcome: errcode.toString(),
  });
}

/** A success: `errcode` is left out now and then (reference wecom 2). */
export function wecomSuccess(state: ReplyParts, fields: Record<string, unknown>): Reply {
  const envelope = state.variation.chance(0.2) ? {} : { errcode: 0, errmsg: 'ok' };
  return jsonReply(state.variation.of({ ...envelope, ...fields }), {
    headers: { 'content-type': CONTENT_TYPE, 'error-code': '0', 'error-msg': 'ok' },
  });
}

function decorate(
  state: ReplyParts,
  request: SandboxRequest,
  errcode: number,
  text: string,
): string {
  const seconds = Math.floor(state.clock.now() / 1000);
  const hint = `[${seconds}186056773912722]`;
  const more = `https://open.work.weixin.qq.com/devtool/query?e=${errcode}`;
  return `${text}, hint: ${hint}, from ip: ${request.ip}, more info at ${more}`;
}

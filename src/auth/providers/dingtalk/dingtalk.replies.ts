import type { OutboundReply } from '../../../common/http-client.js';
import { asNumber, asObject, asText, type ReplyObject } from '../platform-reply.js';

/** A refusal as DingTalk words it, in either family. */
export interface DingtalkRefusal {
  /** The code that tells the cause, e.g. `40014` or `InvalidAuthentication`; `HTTP 502` where there was none. */
  readonly code: string;
  readonly message: string | undefined;
  readonly status: number;
  /** What DingTalk's support asks for. */
  readonly requestId: string | undefined;
  /** The permissions that the app lacks, where the platform lists them. */
  readonly missingPermissions: readonly string[];
}

/** Reads a reply before anything else does. @returns `undefined` when it is fine */
export type RefusalReader = (reply: OutboundReply) => DingtalkRefusal | undefined;

/**
 * `oapi`: fine is HTTP 200 with `errcode` 0. On topapi paths the cause of a token, permission or throttling failure is
 * in `sub_code`, behind an `errcode` of 88 (reference dingtalk 7.1).
 */
export const oapiRefusal: RefusalReader = (reply) => {
  const body = asObject(reply.body);
  const errcode = asNumber(body['errcode']);
  if (errcode === undefined) return otherRefusal(reply);
  if (errcode === 0) return reply.status < 400 ? undefined : otherRefusal(reply);
  const subCode = errcode === 88 ? asText(body['sub_code']) : undefined;
  return {
    ...common(reply),
    code: subCode ?? String(errcode),
    message: (subCode && asText(body['sub_msg'])) ?? asText(body['errmsg']),
  };
};

/**
 * `api`: fine is HTTP 2xx and the bare object; a failure has a status of its own and a `code` that is a text (7.2). A
 * wrong path may still answer 200 in the other family's shape (4.4).
 */
export const apiRefusal: RefusalReader = (reply) => {
  const body = asObject(reply.body);
  if (reply.status >= 400 || 'punish' in body) return otherRefusal(reply);
  return asNumber(body['errcode']) ? oapiRefusal(reply) : undefined;
};

function otherRefusal(reply: OutboundReply): DingtalkRefusal {
  const body = asObject(reply.body);
  return {
    ...common(reply),
    // Too many calls from one address: `{"status":1111,"punish":"deny",…}`, with no code in either family's sense (7.4).
    code:
      asText(body['code'] ?? body['Code'] ?? ('punish' in body ? body['status'] : undefined)) ??
      `HTTP ${reply.status}`,
    message: asText(body['message'] ?? body['Message']),
  };
}

function common({ status, body }: OutboundReply) {
  const reply = asObject(body);
  return {
    status,
    requestId: asText(reply['request_id'] ?? reply['requestid'] ?? reply['RequestId']),
    missingPermissions: permissionsIn(reply),
  };
}

/** `accessdenieddetail.requiredScopes` on `api`; on `oapi` the brackets in `sub_msg`: `…所需的权限：[qyapi_get_member]，…`. */
function permissionsIn(reply: ReplyObject): readonly string[] {
  const detail = asObject(reply['accessdenieddetail'] ?? reply['AccessDeniedDetail']);
  const scopes = detail['requiredScopes'];
  const listed = Array.isArray(scopes)
    ? scopes
    : [/权限[：:]\s*\[([\w.,]+)\]/.exec(words(reply))?.[1]];
  return listed.filter((scope): scope is string => typeof scope === 'string');
}

function words(reply: ReplyObject): string {
  return asText(reply['sub_msg']) ?? asText(reply['errmsg']) ?? '';
}

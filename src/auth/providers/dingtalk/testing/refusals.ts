import { apiRefusal, type DingtalkRefusal, oapiRefusal } from '../dingtalk.replies.js';

/** What a reply of the new API says. */
export const api = (status: number, body: unknown): DingtalkRefusal | undefined =>
  apiRefusal({ status, body });

/** What a reply of the old API says. */
export const oapi = (body: unknown, status = 200): DingtalkRefusal | undefined =>
  oapiRefusal({ status, body });

/** As topapi words token, permission and throttling failures (reference dingtalk 7.1). */
export const wrapped = (subCode: string, words: string): DingtalkRefusal | undefined =>
  oapi({
    errcode: 88,
    sub_code: subCode,
    sub_msg: words,
    errmsg: `ding talk error[subcode=${subCode},submsg=${words}]`,
    request_id: '15rk8example5',
  });

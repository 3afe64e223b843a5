import { pageReply, type Reply } from '../http/reply.js';
import { messagePage } from '../pages/message.page.js';

export function expiredPage(): Reply {
  return errorPage('expired', '二维码已失效，请重新打开登录页');
}

/** A page on which DingTalk refuses. The codes are ours where DingTalk shows words only. */
export function errorPage(code: string, text: string, status = 400): Reply {
  return pageReply(messagePage('dingtalk', { code, text }), status, code);
}

import { pageReply, type Reply } from '../http/reply.js';
import { messagePage } from '../pages/message.page.js';

/** A page on which WeCom refuses. The codes are ours where WeCom shows words only. */
export function refusalPage(code: string, text: string, status = 400): Reply {
  return pageReply(messagePage('wecom', { code, text }), status, code);
}

export function expiredPage(): Reply {
  return refusalPage('expired', '二维码已失效，请重新打开登录页');
}

import { IsBaseUrl } from '../endpoint.js';

/**
 * WeCom's four hosts (reference wecom-self-built 2, 13). A base may have a path of its own; a private edition or a proxy may stand
 * in for each alone.
 */
export class WecomEndpoints {
  /** The login page for ordinary browsers. */
  @IsBaseUrl()
  login = 'https://login.work.weixin.qq.com';

  /** The OAuth link inside the client, which WeCom shares with WeChat. */
  @IsBaseUrl()
  open = 'https://open.weixin.qq.com';

  /** The older login pages. */
  @IsBaseUrl()
  openWork = 'https://open.work.weixin.qq.com';

  /** The server's calls. */
  @IsBaseUrl()
  api = 'https://qyapi.weixin.qq.com';
}

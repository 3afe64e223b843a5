import { ApiPropertyOptional } from '@nestjs/swagger';

import { IsBaseUrl } from '../endpoint.js';

/**
 * WeCom's four hosts (reference wecom-self-built 2, 13). A base may have a path of its own; a private edition or a proxy may stand
 * in for each alone.
 */
export class WecomEndpoints {
  /** The login page for ordinary browsers. */
  @ApiPropertyOptional({
    type: String,
    description: 'Left out: `https://login.work.weixin.qq.com`.',
  })
  @IsBaseUrl()
  login = 'https://login.work.weixin.qq.com';

  /** The OAuth link inside the client, which WeCom shares with WeChat. */
  @ApiPropertyOptional({ type: String, description: 'Left out: `https://open.weixin.qq.com`.' })
  @IsBaseUrl()
  open = 'https://open.weixin.qq.com';

  /** The older login pages. */
  @ApiPropertyOptional({
    type: String,
    description: 'Left out: `https://open.work.weixin.qq.com`.',
  })
  @IsBaseUrl()
  openWork = 'https://open.work.weixin.qq.com';

  /** The server's calls. */
  @ApiPropertyOptional({ type: String, description: 'Left out: `https://qyapi.weixin.qq.com`.' })
  @IsBaseUrl()
  api = 'https://qyapi.weixin.qq.com';
}

import { Body, Controller, Header, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import type { JsapiConfig } from '../../auth/providers/jsapi.js';
import { RequiresScope } from '../../common/access.js';
import { Limited } from '../../common/limited.js';
import { JsapiSignatureDto } from './platform-tokens.dto.js';
import { pageUrl } from './page-url.js';
import { PlatformConnections } from './platform-connections.js';

/** Signs pages for the platforms' JavaScript (DESIGN 8): `wx.config`, `wx.agentConfig`, `ww.register`, `dd.config`. */
@ApiTags('connections')
@ApiBearerAuth()
@Controller('api/v1/connections/:slug/jsapi-signatures')
@Limited('api')
export class JsapiSignaturesController {
  constructor(private readonly connections: PlatformConnections) {}

  /** What the page hands to the platform's configuration call, beside its list of calls. */
  @Post()
  @HttpCode(200)
  @RequiresScope('jsapi:sign', 'persons too')
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({
    schema: {
      type: 'object',
      description:
        'WeCom, corp: beta, appId, timestamp, nonceStr, signature. WeCom, agent: corpid, agentid, timestamp, nonceStr, signature. DingTalk: agentId, corpId, timeStamp, nonceStr, signature.',
      required: ['nonceStr', 'signature'],
      properties: { nonceStr: { type: 'string' }, signature: { type: 'string' } },
      additionalProperties: {
        oneOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }],
      },
    },
  })
  async sign(
    @Param('slug') slug: string,
    @Body() { url, ticket = 'corp', tenant }: JsapiSignatureDto,
  ): Promise<JsapiConfig> {
    const { provider, jsapiOrigins } = await this.connections.find(slug);
    return provider.jsapi.sign({
      url: pageUrl(url, jsapiOrigins),
      ticket,
      ...(tenant !== undefined && { tenant }),
    });
  }
}

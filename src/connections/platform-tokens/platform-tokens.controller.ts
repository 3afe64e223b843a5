import { Body, Controller, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { type Actor, CurrentActor, RequiresScope } from '../../common/access.js';
import { Limited } from '../../common/limited.js';
import { type PageOf, pageOfWhole } from '../../common/page-of.js';
import {
  AccessTokenView,
  InvalidationDto,
  InvalidationView,
  TenantQuery,
  TokenStatePage,
  TokenStateQuery,
  type TokenStateView,
} from './platform-tokens.dto.js';
import { PlatformTokensService } from './platform-tokens.service.js';

/** The one place of a company that fetches the platforms' tokens (DESIGN 8 and 9), for its other services. */
@ApiTags('connections')
@ApiBearerAuth()
@Controller('api/v1/connections/:slug')
@Limited('api')
export class PlatformTokensController {
  constructor(private readonly tokens: PlatformTokensService) {}

  /** The live token of the app; asking again gives the same one while it lives. */
  @Get('access-token')
  @RequiresScope('platform-tokens:read')
  @Header('Cache-Control', 'no-store')
  @ApiOkResponse({ type: AccessTokenView })
  async read(
    @Param('slug') slug: string,
    @Query() { tenant }: TenantQuery,
    @CurrentActor() actor: Actor,
  ): Promise<AccessTokenView> {
    const { value, expiresAt } = await this.tokens.read(slug, tenant, actor);
    return { accessToken: value, expiresAt };
  }

  /** Says that the platform refused a token: it is dropped if it is still the current one. */
  @Post('access-token/invalidations')
  @HttpCode(200)
  @RequiresScope('platform-tokens:read')
  @ApiOkResponse({ type: InvalidationView })
  async invalidate(
    @Param('slug') slug: string,
    @Body() { accessToken, tenant }: InvalidationDto,
    @CurrentActor() actor: Actor,
  ): Promise<InvalidationView> {
    return { dropped: await this.tokens.drop(slug, tenant, accessToken, actor) };
  }

  /** How it stands with each of the app's tokens and tickets; never their values. */
  @Get('tokens')
  @RequiresScope('connections:read')
  @ApiOkResponse({ type: TokenStatePage })
  async list(
    @Param('slug') slug: string,
    @Query() query: TokenStateQuery,
  ): Promise<PageOf<TokenStateView>> {
    const states = await this.tokens.list(slug, query.tenant);
    return pageOfWhole(states, query, ({ kind, tenant }) => [tenant ?? '', kind]);
  }
}

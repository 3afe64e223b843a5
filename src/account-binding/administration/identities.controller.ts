import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  HttpStatus,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';

import { type Actor, CurrentActor, RequiresScope } from '../../common/access.js';
import { notFound } from '../../common/identifiers.js';
import { Limited } from '../../common/limited.js';
import { type PageOf, PageQuery } from '../../common/page-of.js';
import { BindIdentityDto, UnbindQuery } from './accounts.dto.js';
import { IdentityBinding } from './identity-binding.js';
import { IdentityRemoval } from './identity-removal.js';
import { IdentityPage, IdentityView, IdentityViews } from './identity-views.js';

const AccountId = (): ParameterDecorator =>
  Param('accountId', new ParseUUIDPipe({ exceptionFactory: () => notFound('account') }));

/** The platform identities of an account, as administrators see them (DESIGN 8). */
@ApiTags('accounts')
@ApiBearerAuth()
@Controller('api/v1/accounts/:accountId/identities')
@RequiresScope('accounts:write')
@Limited('api')
export class IdentitiesController {
  constructor(
    private readonly views: IdentityViews,
    private readonly binding: IdentityBinding,
    private readonly removal: IdentityRemoval,
  ) {}

  @Get()
  @RequiresScope('accounts:read')
  @ApiOkResponse({ type: IdentityPage })
  list(@AccountId() accountId: string, @Query() query: PageQuery): Promise<PageOf<IdentityView>> {
    return this.views.pageOfExisting(accountId, query);
  }

  /** 200 where the account has exactly this identity already. */
  @Post()
  @ApiCreatedResponse({ type: IdentityView })
  @ApiOkResponse({ type: IdentityView })
  async bind(
    @AccountId() accountId: string,
    @Body() body: BindIdentityDto,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<IdentityView> {
    const { identityId, isNew } = await this.binding.bind(accountId, body, actor);
    response.status(isNew ? HttpStatus.CREATED : HttpStatus.OK);
    return this.views.one(accountId, identityId);
  }

  @Delete(':identityId')
  @HttpCode(204)
  @ApiNoContentResponse()
  unbind(
    @AccountId() accountId: string,
    @Param('identityId') identityId: string,
    @Query() { force }: UnbindQuery,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    return this.removal.remove(accountId, identityId, force === 'true', actor);
  }
}

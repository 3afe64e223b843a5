import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { type Actor, CurrentActor, RequiresScope } from '../../common/access.js';
import { Limited } from '../../common/limited.js';
import type { PageOf } from '../../common/page-of.js';
import {
  AcceptRequestDto,
  AccountRequestPage,
  AccountRequestQuery,
  AccountRequestView,
} from './account-requests.dto.js';
import { AccountRequests } from './account-requests.js';

/** Requests of people who asked an administrator for an account (`signUp: ask`). */
@ApiTags('account-requests')
@ApiBearerAuth()
@Controller('api/v1/account-requests')
@RequiresScope('accounts:write')
@Limited('api')
export class AccountRequestsController {
  constructor(private readonly requests: AccountRequests) {}

  @Get()
  @RequiresScope('accounts:read')
  @ApiOkResponse({ type: AccountRequestPage })
  list(@Query() query: AccountRequestQuery): Promise<PageOf<AccountRequestView>> {
    return this.requests.page(query);
  }

  @Get(':id')
  @RequiresScope('accounts:read')
  @ApiOkResponse({ type: AccountRequestView })
  read(@Param('id') id: string): Promise<AccountRequestView> {
    return this.requests.read(id);
  }

  @Post(':id/accept')
  @HttpCode(200)
  @ApiOkResponse({ type: AccountRequestView })
  accept(
    @Param('id') id: string,
    @Body() { accountId }: AcceptRequestDto,
    @CurrentActor() actor: Actor,
  ): Promise<AccountRequestView> {
    return this.requests.accept(id, accountId, actor);
  }

  @Post(':id/reject')
  @HttpCode(200)
  @ApiOkResponse({ type: AccountRequestView })
  reject(@Param('id') id: string, @CurrentActor() actor: Actor): Promise<AccountRequestView> {
    return this.requests.reject(id, actor);
  }
}

import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  ParseUUIDPipe,
  Patch,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';

import { type Actor, CurrentActor, RequiresScope } from '../../common/access.js';
import { entityTag } from '../../common/entity-tag.js';
import { notFound } from '../../common/identifiers.js';
import { Limited } from '../../common/limited.js';
import type { PageOf } from '../../common/page-of.js';
import { AccountFields } from '../account-fields.js';
import type { Account } from '../account.entity.js';
import { AccountsRepository } from '../accounts.repository.js';
import { AccountChanges } from './account-changes.js';
import { AccountList } from './account-list.js';
import { AccountPage, AccountView, viewOf } from './account.view.js';
import { AccountQuery, SetPasswordDto } from './accounts.dto.js';
import { PasswordSetting } from './password-setting.js';

const AccountId = (): ParameterDecorator =>
  Param('accountId', new ParseUUIDPipe({ exceptionFactory: () => notFound('account') }));

/** Accounts, as administrators see them (DESIGN 8). */
@ApiTags('accounts')
@ApiBearerAuth()
@Controller('api/v1/accounts')
@RequiresScope('accounts:write')
@Limited('api')
export class AccountsController {
  constructor(
    private readonly accounts: AccountsRepository,
    private readonly accountList: AccountList,
    private readonly changes: AccountChanges,
    private readonly passwords: PasswordSetting,
  ) {}

  @Get()
  @RequiresScope('accounts:read')
  @ApiOkResponse({ type: AccountPage })
  list(@Query() query: AccountQuery): Promise<PageOf<AccountView>> {
    return this.accountList.page(query);
  }

  @Get(':accountId')
  @RequiresScope('accounts:read')
  @ApiOkResponse({ type: AccountView, headers: { ETag: { schema: { type: 'string' } } } })
  async read(
    @AccountId() accountId: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AccountView> {
    const account = await this.accounts.findAccount(accountId);
    if (!account) throw notFound('account');
    return tagged(account, response);
  }

  @Post()
  @ApiCreatedResponse({ type: AccountView, headers: { ETag: { schema: { type: 'string' } } } })
  async create(
    @Body() fields: AccountFields,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AccountView> {
    return tagged(await this.changes.create(fields, actor), response);
  }

  @Patch(':accountId')
  @ApiHeader({ name: 'If-Match', required: false })
  @ApiOkResponse({ type: AccountView, headers: { ETag: { schema: { type: 'string' } } } })
  async change(
    @AccountId() accountId: string,
    @Body() fields: AccountFields,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AccountView> {
    return tagged(await this.changes.change(accountId, fields, ifMatch, actor), response);
  }

  @Delete(':accountId')
  @HttpCode(204)
  @ApiNoContentResponse()
  delete(@AccountId() accountId: string, @CurrentActor() actor: Actor): Promise<void> {
    return this.changes.delete(accountId, actor);
  }

  /** Signs the person out everywhere. */
  @Delete(':accountId/sessions')
  @HttpCode(204)
  @ApiNoContentResponse()
  endSessions(@AccountId() accountId: string, @CurrentActor() actor: Actor): Promise<void> {
    return this.changes.endSessions(accountId, actor);
  }

  @Put(':accountId/password')
  @HttpCode(204)
  @ApiNoContentResponse()
  setPassword(
    @AccountId() accountId: string,
    @Body() { password, mustChange }: SetPasswordDto,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    return this.passwords.set(accountId, password, mustChange, actor);
  }

  @Delete(':accountId/password')
  @HttpCode(204)
  @ApiNoContentResponse()
  removePassword(@AccountId() accountId: string, @CurrentActor() actor: Actor): Promise<void> {
    return this.passwords.remove(accountId, actor);
  }
}

function tagged(account: Account, response: Response): AccountView {
  response.setHeader('ETag', entityTag(account.revision));
  return viewOf(account);
}

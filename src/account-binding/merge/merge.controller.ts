import { Body, Controller, HttpCode, Param, ParseUUIDPipe, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsUUID } from 'class-validator';

import { type Actor, CurrentActor, RequiresScope } from '../../common/access.js';
import { notFound } from '../../common/identifiers.js';
import { Limited } from '../../common/limited.js';
import { AccountView, viewOf } from '../administration/account.view.js';
import { AccountMerge } from './account-merge.js';

export class MergeDto {
  @ApiProperty({ format: 'uuid', description: 'The account that goes; its identities move.' })
  @IsUUID(undefined, { message: 'must be the id of an account' })
  from: string;
}

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('api/v1/accounts/:accountId/merge')
@RequiresScope('accounts:write')
@Limited('api')
export class MergeController {
  constructor(private readonly merging: AccountMerge) {}

  /** Moves the identities of `from` here, fills in what this account lacks, and deletes `from`. */
  @Post()
  @HttpCode(200)
  @ApiOkResponse({ type: AccountView })
  async merge(
    @Param('accountId', new ParseUUIDPipe({ exceptionFactory: () => notFound('account') }))
    accountId: string,
    @Body() { from }: MergeDto,
    @CurrentActor() actor: Actor,
  ): Promise<AccountView> {
    return viewOf(await this.merging.merge(accountId, from, actor));
  }
}

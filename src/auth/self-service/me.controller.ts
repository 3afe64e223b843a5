import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';

import { AccountView } from '../../account-binding/administration/account.view.js';
import {
  IdentityPage,
  type IdentityView,
} from '../../account-binding/administration/identity-views.js';
import {
  type Actor,
  CurrentActor,
  CurrentPerson,
  type Person,
  RequiresOpenId,
  RequiresPerson,
} from '../../common/access.js';
import { notFound } from '../../common/identifiers.js';
import { Limited } from '../../common/limited.js';
import { type PageOf, PageQuery } from '../../common/page-of.js';
import { BindingView, CreateBindingDto } from './me.dto.js';
import { SelfService } from './self-service.js';

/** The signed-in person, seen through an application's token. */
@ApiTags('me')
@ApiBearerAuth()
@Controller('api/v1/me')
@RequiresPerson()
@Limited('api')
export class MeController {
  constructor(private readonly self: SelfService) {}

  @Get()
  @RequiresOpenId()
  @ApiOkResponse({ type: AccountView })
  @Header('Cache-Control', 'no-store')
  read(@CurrentPerson() { accountId }: Person): Promise<AccountView> {
    return this.self.account(accountId);
  }

  @Get('identities')
  @ApiOkResponse({ type: IdentityPage })
  identities(
    @CurrentPerson() { accountId }: Person,
    @Query() query: PageQuery,
  ): Promise<PageOf<IdentityView>> {
    return this.self.identityPage(accountId, query);
  }

  /** Wants a sign-in that is not older than five minutes. */
  @Delete('identities/:identityId')
  @HttpCode(204)
  @ApiNoContentResponse()
  unbind(
    @Param('identityId', new ParseUUIDPipe({ exceptionFactory: () => notFound('identity') }))
    identityId: string,
    @CurrentPerson() { accountId, signedInAt }: Person,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    return this.self.unbind(accountId, identityId, signedInAt, actor);
  }

  /** Makes a link that binds one more identity. Wants a sign-in that is not older than five minutes. */
  @Post('bindings')
  @ApiCreatedResponse({ type: BindingView })
  bind(
    @Body() { connection, returnTo }: CreateBindingDto,
    @CurrentPerson() { accountId, clientId, signedInAt }: Person,
  ): Promise<BindingView> {
    return this.self.beginBinding(accountId, signedInAt, connection, returnTo, clientId);
  }
}

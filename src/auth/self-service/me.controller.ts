import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Options,
  Param,
  ParseUUIDPipe,
  Post,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiExcludeEndpoint,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';

import { AccountView } from '../../account-binding/administration/account.view.js';
import { IdentityList } from '../../account-binding/administration/identity-views.js';
import {
  type Actor,
  CurrentActor,
  CurrentPerson,
  type Person,
  Public,
  RequiresOpenId,
  RequiresPerson,
} from '../../common/access.js';
import { notFound } from '../../common/identifiers.js';
import { RegisteredOrigins } from '../issuer/registered-origins.js';
import { BindingView, CreateBindingDto } from './me.dto.js';
import { SelfService } from './self-service.js';

/** The signed-in person, seen through an application's token. */
@ApiTags('me')
@ApiBearerAuth()
@Controller('api/v1/me')
@RequiresPerson()
export class MeController {
  constructor(
    private readonly self: SelfService,
    private readonly origins: RegisteredOrigins,
  ) {}

  @Options()
  @Public()
  @ApiExcludeEndpoint()
  async preflight(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.origins.answerCors(request, response, 'GET');
  }

  @Get()
  @RequiresOpenId()
  @ApiOkResponse({ type: AccountView })
  async read(
    @CurrentPerson() { accountId }: Person,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AccountView> {
    await this.origins.answerCors(request, response, 'GET');
    response.setHeader('Cache-Control', 'no-store');
    return this.self.account(accountId);
  }

  @Get('identities')
  @ApiOkResponse({ type: IdentityList })
  identities(@CurrentPerson() { accountId }: Person): Promise<IdentityList> {
    return this.self.identitiesOf(accountId);
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

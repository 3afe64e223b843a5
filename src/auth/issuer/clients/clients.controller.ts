import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiCreatedResponse,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';

import { type Actor, CurrentActor, RequiresScope } from '../../../common/access.js';
import { entityTag } from '../../../common/entity-tag.js';
import { Limited } from '../../../common/limited.js';
import { type PageOf, PageQuery } from '../../../common/page-of.js';
import { ClientAdministration, viewOf } from './client-administration.js';
import {
  ChangeClientBody,
  ClientPage,
  ClientSecretView,
  ClientView,
  CreateClientBody,
  CreatedClientView,
} from './clients.dto.js';

/** The applications that send their users here (DESIGN 5 and 8). Secrets are write-only. */
@ApiTags('clients')
@ApiBearerAuth()
@Controller('api/v1/clients')
@RequiresScope('clients:write')
@Limited('api')
export class ClientsController {
  constructor(private readonly clients: ClientAdministration) {}

  @Get()
  @RequiresScope('clients:read')
  @ApiOkResponse({ type: ClientPage })
  list(@Query() query: PageQuery): Promise<PageOf<ClientView>> {
    return this.clients.page(query);
  }

  @Get(':clientId')
  @RequiresScope('clients:read')
  @ApiOkResponse({ type: ClientView, headers: { ETag: { schema: { type: 'string' } } } })
  async read(
    @Param('clientId') clientId: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ClientView> {
    const stored = await this.clients.read(clientId);
    response.setHeader('ETag', entityTag(stored.version));
    return viewOf(stored);
  }

  @Post()
  @ApiBody({ type: CreateClientBody })
  @ApiCreatedResponse({ type: CreatedClientView })
  async create(
    @Body() body: unknown,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CreatedClientView> {
    const { stored, view } = await this.clients.create(body, actor);
    response.setHeader('ETag', entityTag(stored.version));
    response.setHeader('Cache-Control', 'no-store');
    return view;
  }

  @Patch(':clientId')
  @ApiHeader({ name: 'If-Match', required: false })
  @ApiBody({ type: ChangeClientBody })
  @ApiOkResponse({ type: ClientView, headers: { ETag: { schema: { type: 'string' } } } })
  async change(
    @Param('clientId') clientId: string,
    @Body() body: unknown,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ClientView> {
    const stored = await this.clients.change(clientId, body, ifMatch, actor);
    response.setHeader('ETag', entityTag(stored.version));
    return viewOf(stored);
  }

  @Delete(':clientId')
  @HttpCode(204)
  @ApiNoContentResponse()
  delete(
    @Param('clientId') clientId: string,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    return this.clients.delete(clientId, ifMatch, actor);
  }

  /** Makes a new secret; the old one ends at once. */
  @Post(':clientId/secret')
  @ApiCreatedResponse({ type: ClientSecretView })
  async renewSecret(
    @Param('clientId') clientId: string,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ClientSecretView> {
    response.setHeader('Cache-Control', 'no-store');
    return { clientSecret: await this.clients.renewSecret(clientId, actor) };
  }
}

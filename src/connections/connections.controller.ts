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
  ApiExtraModels,
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';

import { type Actor, CurrentActor, RequiresScope } from '../common/access.js';
import { entityTag } from '../common/entity-tag.js';
import { Limited } from '../common/limited.js';
import { type PageOf, PageQuery } from '../common/page-of.js';
import { ConnectionAdministration, viewOf } from './connection-administration.js';
import {
  CheckView,
  connectionChangeSchema,
  connectionModels,
  ConnectionPage,
  connectionSchema,
  type ConnectionView,
  newConnectionSchema,
} from './connections.dto.js';
import type { StoredDefinition } from './stored-definitions.js';

/** Configured apps on platforms (DESIGN 5 and 8). The same field names as in the provisioning file; secrets are write-only. */
@ApiTags('connections')
@ApiBearerAuth()
@ApiExtraModels(...connectionModels)
@Controller('api/v1/connections')
@RequiresScope('connections:write')
@Limited('api')
export class ConnectionsController {
  constructor(private readonly connections: ConnectionAdministration) {}

  @Get()
  @RequiresScope('connections:read')
  @ApiOkResponse({ type: ConnectionPage })
  list(@Query() query: PageQuery): Promise<PageOf<ConnectionView>> {
    return this.connections.page(query);
  }

  @Get(':slug')
  @RequiresScope('connections:read')
  @ApiOkResponse({ schema: connectionSchema, headers: { ETag: { schema: { type: 'string' } } } })
  async read(
    @Param('slug') slug: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ConnectionView> {
    return tagged(await this.connections.read(slug), response);
  }

  @Post()
  @ApiBody({ schema: newConnectionSchema })
  @ApiCreatedResponse({ schema: connectionSchema })
  async create(
    @Body() body: unknown,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ConnectionView> {
    return tagged(await this.connections.create(body, actor), response);
  }

  @Patch(':slug')
  @ApiHeader({ name: 'If-Match', required: false })
  @ApiBody({ schema: connectionChangeSchema })
  @ApiOkResponse({ schema: connectionSchema, headers: { ETag: { schema: { type: 'string' } } } })
  async change(
    @Param('slug') slug: string,
    @Body() body: unknown,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ConnectionView> {
    return tagged(await this.connections.change(slug, body, ifMatch, actor), response);
  }

  @Delete(':slug')
  @HttpCode(204)
  @ApiNoContentResponse()
  delete(
    @Param('slug') slug: string,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    return this.connections.delete(slug, ifMatch, actor);
  }

  /** Tries the credentials against the platform; remembered refusals end. */
  @Post(':slug/check')
  @HttpCode(200)
  @ApiOkResponse({ type: CheckView })
  check(@Param('slug') slug: string, @CurrentActor() actor: Actor): Promise<CheckView> {
    return this.connections.check(slug, actor);
  }
}

function tagged(stored: StoredDefinition, response: Response): ConnectionView {
  response.setHeader('ETag', entityTag(stored.version));
  return viewOf(stored);
}

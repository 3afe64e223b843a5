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
  ApiHeader,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';

import { type Actor, CurrentActor, RequiresScope } from '../../common/access.js';
import { entityTag } from '../../common/entity-tag.js';
import { Limited } from '../../common/limited.js';
import { type PageOf, PageQuery } from '../../common/page-of.js';
import { IdMigrations } from './id-migration.js';
import { TenantAdministration, viewOf } from './tenant-administration.js';
import { MigratedTenantView, TenantChangeDto, TenantPage, TenantView } from './tenants.dto.js';
import type { Tenant } from './tenants.repository.js';

const tag = { ETag: { schema: { type: 'string' } } } as const;

/** The corps that installed a service provider's app (DESIGN 8 and 12). */
@ApiTags('connections')
@ApiBearerAuth()
@Controller('api/v1/connections/:slug/tenants')
@RequiresScope('connections:write')
@Limited('api')
export class TenantsController {
  constructor(
    private readonly tenants: TenantAdministration,
    private readonly migrations: IdMigrations,
  ) {}

  @Get()
  @RequiresScope('connections:read')
  @ApiOkResponse({ type: TenantPage })
  list(@Param('slug') slug: string, @Query() query: PageQuery): Promise<PageOf<TenantView>> {
    return this.tenants.page(slug, query);
  }

  @Get(':corpId')
  @RequiresScope('connections:read')
  @ApiOkResponse({ type: TenantView, headers: tag })
  async read(
    @Param('slug') slug: string,
    @Param('corpId') corpId: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TenantView> {
    return tagged(await this.tenants.read(slug, corpId), response);
  }

  /** Suspends a corp: its people are signed out at once. Or lets it in again. */
  @Patch(':corpId')
  @ApiHeader({ name: 'If-Match', required: false })
  @ApiOkResponse({ type: TenantView, headers: tag })
  async change(
    @Param('slug') slug: string,
    @Param('corpId') corpId: string,
    @Body() { status }: TenantChangeDto,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) response: Response,
  ): Promise<TenantView> {
    return tagged(await this.tenants.setStatus(slug, corpId, status, ifMatch, actor), response);
  }

  /** Forgets the corp: its people are signed out at once; accounts and identities stay. */
  @Delete(':corpId')
  @HttpCode(204)
  @ApiHeader({ name: 'If-Match', required: false })
  @ApiNoContentResponse()
  delete(
    @Param('slug') slug: string,
    @Param('corpId') corpId: string,
    @Headers('if-match') ifMatch: string | undefined,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    return this.tenants.delete(slug, corpId, ifMatch, actor);
  }

  /**
   * Has the platform change the ids of a corp that installed before ids were encrypted, and takes its people along, at all connections of
   * the same provider. There is no way back. What was cut off is completed by calling again.
   */
  @Post(':corpId/id-migration')
  @HttpCode(200)
  @ApiOkResponse({ type: MigratedTenantView })
  migrateIds(
    @Param('slug') slug: string,
    @Param('corpId') corpId: string,
    @CurrentActor() actor: Actor,
  ): Promise<MigratedTenantView> {
    return this.migrations.migrate(slug, corpId, actor);
  }
}

function tagged(tenant: Tenant, response: Response): TenantView {
  response.setHeader('ETag', entityTag(tenant.revision));
  return viewOf(tenant);
}

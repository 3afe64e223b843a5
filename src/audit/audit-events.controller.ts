import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { RequiresScope } from '../common/access.js';
import { Limited } from '../common/limited.js';
import type { PageOf } from '../common/page-of.js';
import { AuditEventPage, type AuditEventView, AuditQuery } from './audit-events.dto.js';
import { AuditList } from './audit-list.js';

/** Who did what. Nobody changes it. */
@ApiTags('audit-events')
@ApiBearerAuth()
@Controller('api/v1/audit-events')
@Limited('api')
export class AuditEventsController {
  constructor(private readonly events: AuditList) {}

  @Get()
  @RequiresScope('audit:read')
  @ApiOkResponse({ type: AuditEventPage })
  list(@Query() query: AuditQuery): Promise<PageOf<AuditEventView>> {
    return this.events.page(query);
  }
}

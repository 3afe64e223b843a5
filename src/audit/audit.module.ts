import { Module } from '@nestjs/common';

import { AuditEventsController } from './audit-events.controller.js';
import { AuditList } from './audit-list.js';
import { AuditRetention } from './audit-retention.js';
import { AuditService } from './audit.service.js';

/** Who did what: written down, shown, and kept for as long as the operator says. */
@Module({
  controllers: [AuditEventsController],
  providers: [AuditList, AuditRetention, AuditService],
  exports: [AuditService],
})
export class AuditModule {}

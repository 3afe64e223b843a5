import { Module } from '@nestjs/common';

import { AuditService } from './audit.service.js';

/** Who did what, when, from where, and what came of it. */
@Module({ providers: [AuditService], exports: [AuditService] })
export class AuditModule {}

import { Module } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { ConnectionAdministration } from './connection-administration.js';
import { ConnectionRegistry } from './connection.registry.js';
import { ConnectionsController } from './connections.controller.js';
import { Provisioning } from './provisioning/provisioning.js';
import { StoredDefinitions } from './stored-definitions.js';
import { ToolsModule } from './tools.module.js';

/** Configured apps on platforms: storage, the provisioning file, the REST API, and the open providers. */
@Module({
  imports: [AuditModule, ToolsModule],
  controllers: [ConnectionsController],
  providers: [ConnectionAdministration, ConnectionRegistry, Provisioning, StoredDefinitions],
  exports: [ConnectionRegistry, Provisioning, StoredDefinitions],
})
export class ConnectionsModule {}

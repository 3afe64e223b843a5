import { Module } from '@nestjs/common';

import { ConnectionRegistry } from './connection.registry.js';
import { ToolsModule } from './tools.module.js';
import { Provisioning } from './provisioning/provisioning.js';

/** Configured apps on platforms: storage, the provisioning file, and the open providers. */
@Module({
  imports: [ToolsModule],
  providers: [ConnectionRegistry, Provisioning],
  exports: [ConnectionRegistry, Provisioning],
})
export class ConnectionsModule {}

import { Module } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { SealedPlaces } from '../database/sealed-places.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { TokenCacheModule } from '../token-cache/token-cache.module.js';
import { ConnectionAdministration } from './connection-administration.js';
import { ConnectionRegistry } from './connection.registry.js';
import { ConnectionsController } from './connections.controller.js';
import { JsapiSignaturesController } from './platform-tokens/jsapi-signatures.controller.js';
import { PlatformConnections } from './platform-tokens/platform-connections.js';
import { PlatformTokensController } from './platform-tokens/platform-tokens.controller.js';
import { PlatformTokensService } from './platform-tokens/platform-tokens.service.js';
import { Provisioning } from './provisioning/provisioning.js';
import { sealedDefinitions, StoredDefinitions } from './stored-definitions.js';
import { ToolsModule } from './tools.module.js';

/** Configured apps on platforms: storage, the provisioning file, the REST API, the open providers and their tokens. */
@Module({
  imports: [AuditModule, RateLimitsModule, TokenCacheModule, ToolsModule],
  controllers: [ConnectionsController, PlatformTokensController, JsapiSignaturesController],
  providers: [
    ConnectionAdministration,
    ConnectionRegistry,
    PlatformConnections,
    PlatformTokensService,
    Provisioning,
    StoredDefinitions,
  ],
  exports: [ConnectionRegistry, PlatformConnections, Provisioning, StoredDefinitions],
})
export class ConnectionsModule {
  constructor(places: SealedPlaces) {
    for (const place of sealedDefinitions) places.addColumn(place);
  }
}

import { Module } from '@nestjs/common';

import { AccountBindingModule } from '../../account-binding/account-binding.module.js';
import { AuditModule } from '../../audit/audit.module.js';
import { SealedPlaces } from '../../database/sealed-places.js';
import { ConnectionsModule } from '../../connections/connections.module.js';
import { HealthModule } from '../../health/health.module.js';
import { Readiness } from '../../health/readiness.js';
import { RequestLimitsModule } from '../../request-limits/request-limits.module.js';
import { Pages } from '../sign-in/pages/pages.js';
import { BrowserCors } from './browser-cors.middleware.js';
import { BrowserSessions } from './browser-sessions.js';
import { AccessTokens } from './access-tokens.js';
import { ClientMetadataSource } from './client-metadata.js';
import { ClientAdministration } from './clients/client-administration.js';
import { ClientsController } from './clients/clients.controller.js';
import { ClientsModule } from './clients/clients.module.js';
import { ConnectionChoice } from './connection-choice.js';
import { Interactions } from './interactions.js';
import { OidcEngine } from './oidc-engine.js';
import { OidcStore } from './oidc-store.js';
import { RegisteredOrigins } from './registered-origins.js';
import { KeyAdministration } from './signing-keys/key-administration.js';
import { KeyChanges } from './signing-keys/key-changes.js';
import { KeyFreshness } from './signing-keys/key-freshness.js';
import { SigningKeyAges } from './signing-keys/signing-key-ages.js';
import { SigningKeysController } from './signing-keys/signing-keys.controller.js';
import { SigningKeys } from './signing-keys/signing-keys.js';
import { sealedSigningKeys, StoredSigningKeys } from './signing-keys/stored-signing-keys.js';
import { UserinfoController } from './userinfo.controller.js';

/** OpenID Connect: the engine and what it stands on. Knows no platform. */
@Module({
  imports: [
    AccountBindingModule,
    AuditModule,
    ConnectionsModule,
    ClientsModule,
    HealthModule,
    RequestLimitsModule,
  ],
  controllers: [UserinfoController, ClientsController, SigningKeysController],
  providers: [
    AccessTokens,
    BrowserCors,
    BrowserSessions,
    ClientAdministration,
    ClientMetadataSource,
    ConnectionChoice,
    Interactions,
    KeyAdministration,
    KeyChanges,
    KeyFreshness,
    OidcEngine,
    OidcStore,
    Pages,
    RegisteredOrigins,
    SigningKeyAges,
    SigningKeys,
    StoredSigningKeys,
  ],
  exports: [
    AccessTokens,
    BrowserCors,
    BrowserSessions,
    ConnectionChoice,
    ClientsModule,
    Interactions,
    OidcEngine,
    OidcStore,
    Pages,
    RequestLimitsModule,
    SigningKeys,
  ],
})
export class IssuerModule {
  constructor(places: SealedPlaces, keys: SigningKeys, readiness: Readiness) {
    places.addColumn(sealedSigningKeys);
    readiness.need('keys_outdated', () => keys.maySign());
  }
}

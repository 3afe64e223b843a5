import { type DynamicModule, Module } from '@nestjs/common';

import { AccountBindingModule } from './account-binding/account-binding.module.js';
import { AuditModule } from './audit/audit.module.js';
import { ApiAccessModule } from './auth/api-access/api-access.module.js';
import { InstallingModule } from './auth/installing/installing.module.js';
import { IssuerMiddleware } from './auth/issuer/issuer.middleware.js';
import { IssuerModule } from './auth/issuer/issuer.module.js';
import { SelfServiceModule } from './auth/self-service/self-service.module.js';
import { SignInModule } from './auth/sign-in/sign-in.module.js';
import { ConfigModule } from './config/config.module.js';
import { ConnectionsModule } from './connections/connections.module.js';
import { TenantsModule } from './connections/tenants/tenants.module.js';
import { DatabaseModule } from './database/database.module.js';
import { type Ground, GroundModule } from './ground.module.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { PlatformEventsModule } from './platform-events/platform-events.module.js';
import { RedisModule } from './redis/redis.module.js';
import { ReencryptionModule } from './reencryption/reencryption.module.js';
import { RequestLogModule } from './request-log/request-log.module.js';
import { Startup } from './startup.js';
import { TracingModule } from './tracing/tracing.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** Which modules there are, nothing else. */
@Module({
  imports: [
    // Its routes are the busiest, and Express looks through them in this order.
    SignInModule,
    HealthModule,
    MetricsModule,
    TracingModule,
    RequestLogModule,
    RedisModule,
    IssuerModule,
    SelfServiceModule,
    ApiAccessModule,
    AccountBindingModule,
    AuditModule,
    ConnectionsModule,
    TenantsModule,
    InstallingModule,
    PlatformEventsModule,
    WebhooksModule,
    ReencryptionModule,
  ],
  providers: [Startup, IssuerMiddleware],
})
export class AppModule {
  static with(ground: Ground): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(ground.config),
        DatabaseModule.with(ground.dataSource),
        GroundModule.with(ground),
      ],
    };
  }
}

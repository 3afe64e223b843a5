import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';

import { IssuerModule } from '../issuer/issuer.module.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { ApiGuard } from './api.guard.js';
import { BrowserCors, browserCalls } from './browser-cors.middleware.js';
import { BearerCallers } from './bearer-callers.js';

/** Who may call what: the guard before every route, and the access tokens that it takes. */
@Module({
  imports: [PassportModule, IssuerModule],
  providers: [AccessTokenStrategy, BearerCallers, { provide: APP_GUARD, useClass: ApiGuard }],
})
export class ApiAccessModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(BrowserCors).forRoutes(...browserCalls);
  }
}

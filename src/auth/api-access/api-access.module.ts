import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';

import { IssuerModule } from '../issuer/issuer.module.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { ApiGuard } from './api.guard.js';
import { BearerCallers } from './bearer-callers.js';

/** Who may call what: the guard before every route, and the access tokens that it takes. */
@Module({
  imports: [PassportModule, IssuerModule],
  providers: [AccessTokenStrategy, BearerCallers, { provide: APP_GUARD, useClass: ApiGuard }],
})
export class ApiAccessModule {}

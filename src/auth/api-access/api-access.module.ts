import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';

import { LimitGuard } from '../../request-limits/limit.guard.js';
import { RequestLimitsModule } from '../../request-limits/request-limits.module.js';
import { IssuerModule } from '../issuer/issuer.module.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { ApiGuard } from './api.guard.js';
import { BearerCallers } from './bearer-callers.js';
import { CallerGuard } from './caller.guard.js';

/** Who calls, how often, and whether they may: the guards before every route, and the access tokens that they take. */
@Module({
  imports: [PassportModule, IssuerModule, RequestLimitsModule],
  providers: [
    AccessTokenStrategy,
    BearerCallers,
    // In this order: a forged token uses up nobody's calls, and the database is asked only for those who have some left.
    { provide: APP_GUARD, useClass: CallerGuard },
    { provide: APP_GUARD, useClass: LimitGuard },
    { provide: APP_GUARD, useClass: ApiGuard },
  ],
})
export class ApiAccessModule {}

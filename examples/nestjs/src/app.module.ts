import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';

import { AccessGuard } from './access.guard.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { ApiController } from './api.controller.js';
import { IssuerKeys } from './issuer-keys.js';
import { Settings } from './settings.js';

@Module({
  imports: [PassportModule],
  controllers: [ApiController],
  providers: [
    Settings,
    IssuerKeys,
    AccessTokenStrategy,
    { provide: APP_GUARD, useClass: AccessGuard },
  ],
})
export class AppModule {}

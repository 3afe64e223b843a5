import { Module } from '@nestjs/common';

import { AccountBindingModule } from '../../account-binding/account-binding.module.js';
import { AuditModule } from '../../audit/audit.module.js';
import { ConnectionsModule } from '../../connections/connections.module.js';
import { IssuerModule } from '../issuer/issuer.module.js';
import { AssetsController } from './assets.controller.js';
import { AttemptsRepository } from './attempts.repository.js';
import { Callback } from './callback.js';
import { DomainVerificationController } from './domain-verification.controller.js';
import { Entry } from './entry.js';
import { EntryController } from './entry.controller.js';
import { HandOff } from './hand-off.js';
import { PersonSignIn } from './person-sign-in.js';
import { PlatformCodeGrant } from './platform-code.grant.js';
import { SignInController } from './sign-in.controller.js';
import { StartAgain } from './start-again.js';

/** The browser's way: login page, hand-off to the platform, callback, entry links. */
@Module({
  imports: [AccountBindingModule, AuditModule, ConnectionsModule, IssuerModule],
  controllers: [SignInController, EntryController, DomainVerificationController, AssetsController],
  providers: [
    AttemptsRepository,
    Callback,
    Entry,
    HandOff,
    PersonSignIn,
    PlatformCodeGrant,
    StartAgain,
  ],
})
export class SignInModule {}

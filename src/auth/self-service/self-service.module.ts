import { Module } from '@nestjs/common';

import { AccountBindingModule } from '../../account-binding/account-binding.module.js';
import { AuditModule } from '../../audit/audit.module.js';
import { ConnectionsModule } from '../../connections/connections.module.js';
import { IssuerModule } from '../issuer/issuer.module.js';
import { SignInModule } from '../sign-in/sign-in.module.js';
import { AccountController } from './account.controller.js';
import { AccountPage } from './account-page.js';
import { MeController } from './me.controller.js';
import { SelfService } from './self-service.js';

/** What people do about themselves: `/account` in the browser, `/api/v1/me` for applications. */
@Module({
  imports: [AccountBindingModule, AuditModule, ConnectionsModule, IssuerModule, SignInModule],
  controllers: [MeController, AccountController],
  providers: [AccountPage, SelfService],
})
export class SelfServiceModule {}

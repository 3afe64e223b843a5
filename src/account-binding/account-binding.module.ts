import { Module } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { ConnectionsModule } from '../connections/connections.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { AccountAsking } from './account-asking.js';
import { AccountsRepository } from './accounts.repository.js';
import { IdentityRemoval } from './administration/identity-removal.js';
import { IdentityViews } from './administration/identity-views.js';
import { BindingService } from './binding.service.js';
import { Passwords } from './passwords/passwords.service.js';
import { PhoneAccountsRepository } from './phone-accounts.repository.js';

/** Accounts, identities and the rules that bind them. Knows no platform's API. */
@Module({
  imports: [AuditModule, ConnectionsModule, RateLimitsModule],
  providers: [
    AccountAsking,
    AccountsRepository,
    BindingService,
    IdentityRemoval,
    IdentityViews,
    Passwords,
    PhoneAccountsRepository,
  ],
  exports: [
    AccountAsking,
    AccountsRepository,
    BindingService,
    IdentityRemoval,
    IdentityViews,
    Passwords,
  ],
})
export class AccountBindingModule {}

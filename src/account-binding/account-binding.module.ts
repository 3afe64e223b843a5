import { Module } from '@nestjs/common';

import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { AccountAsking } from './account-asking.js';
import { AccountsRepository } from './accounts.repository.js';
import { BindingService } from './binding.service.js';
import { Passwords } from './passwords/passwords.service.js';
import { PhoneAccountsRepository } from './phone-accounts.repository.js';

/** Accounts, identities and the rules that bind them. Knows no platform's API. */
@Module({
  imports: [RateLimitsModule],
  providers: [
    AccountAsking,
    AccountsRepository,
    BindingService,
    Passwords,
    PhoneAccountsRepository,
  ],
  exports: [AccountAsking, AccountsRepository, BindingService, Passwords],
})
export class AccountBindingModule {}

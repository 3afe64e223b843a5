import { Module } from '@nestjs/common';

import { AccountsRepository } from './accounts.repository.js';
import { BindingService } from './binding.service.js';
import { PhoneAccountsRepository } from './phone-accounts.repository.js';

/** Accounts, identities and the rules that bind them. Knows no platform's API. */
@Module({
  providers: [AccountsRepository, PhoneAccountsRepository, BindingService],
  exports: [AccountsRepository, PhoneAccountsRepository, BindingService],
})
export class AccountBindingModule {}

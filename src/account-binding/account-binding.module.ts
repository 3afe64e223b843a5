import { Module } from '@nestjs/common';

import { AccountsRepository } from './accounts.repository.js';
import { BindingService } from './binding.service.js';

/** Accounts, identities and the rules that bind them. Knows no platform's API. */
@Module({
  providers: [AccountsRepository, BindingService],
  exports: [AccountsRepository, BindingService],
})
export class AccountBindingModule {}

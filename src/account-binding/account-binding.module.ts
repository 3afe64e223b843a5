import { Module } from '@nestjs/common';

import { AuditModule } from '../audit/audit.module.js';
import { ConnectionsModule } from '../connections/connections.module.js';
import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { AccountAsking } from './account-asking.js';
import { AccountsRepository } from './accounts.repository.js';
import { AccountChanges } from './administration/account-changes.js';
import { AccountList } from './administration/account-list.js';
import { AccountsController } from './administration/accounts.controller.js';
import { IdentitiesController } from './administration/identities.controller.js';
import { IdentityBinding } from './administration/identity-binding.js';
import { IdentityRemoval } from './administration/identity-removal.js';
import { IdentityViews } from './administration/identity-views.js';
import { PasswordSetting } from './administration/password-setting.js';
import { BindingService } from './binding.service.js';
import { AccountImport } from './import/account-import.js';
import { ImportBatch } from './import/import-batch.js';
import { ImportController } from './import/import.controller.js';
import { Leavers } from './leavers/leavers.js';
import { PersonLeaving } from './leavers/person-leaving.js';
import { PersonRenaming } from './leavers/person-renaming.js';
import { TenantLeaving } from './leavers/tenant-leaving.js';
import { Tombstones } from './leavers/tombstones.js';
import { AccountMerge } from './merge/account-merge.js';
import { MergeController } from './merge/merge.controller.js';
import { Passwords } from './passwords/passwords.service.js';
import { PhoneAccountsRepository } from './phone-accounts.repository.js';
import { AccountRequestsController } from './requests/account-requests.controller.js';
import { AccountRequests } from './requests/account-requests.js';

/** Accounts, identities and the rules that bind them. Knows no platform's API. */
@Module({
  imports: [AuditModule, ConnectionsModule, RateLimitsModule],
  controllers: [
    // Before `/accounts/:accountId`, which would take it for an id.
    ImportController,
    AccountsController,
    IdentitiesController,
    MergeController,
    AccountRequestsController,
  ],
  providers: [
    AccountAsking,
    AccountChanges,
    AccountImport,
    AccountList,
    AccountMerge,
    AccountRequests,
    AccountsRepository,
    BindingService,
    IdentityBinding,
    IdentityRemoval,
    IdentityViews,
    ImportBatch,
    Leavers,
    PasswordSetting,
    Passwords,
    PersonLeaving,
    PersonRenaming,
    PhoneAccountsRepository,
    TenantLeaving,
    Tombstones,
  ],
  exports: [
    AccountAsking,
    AccountsRepository,
    BindingService,
    IdentityRemoval,
    IdentityViews,
    Leavers,
    Passwords,
  ],
})
export class AccountBindingModule {}

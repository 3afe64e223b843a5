import { Module } from '@nestjs/common';

import { AccountBindingModule } from '../../account-binding/account-binding.module.js';
import { Leavers } from '../../account-binding/leavers/leavers.js';
import { AuditModule } from '../../audit/audit.module.js';
import { Clock } from '../../common/clock.js';
import { ConnectionsModule } from '../connections.module.js';
import { InstallableConnections } from './installable-connections.js';
import { TenantAdministration } from './tenant-administration.js';
import { TenantPeople } from './tenant-people.js';
import { TenantsController } from './tenants.controller.js';
import { TenantsRepository } from './tenants.repository.js';

/**
 * The corps that installed a service provider's app, and their REST API. A module beside that of connections: this one alone is wired to
 * the room of accounts.
 */
@Module({
  imports: [AccountBindingModule, AuditModule, ConnectionsModule],
  controllers: [TenantsController],
  providers: [
    InstallableConnections,
    TenantAdministration,
    TenantsRepository,
    {
      provide: TenantPeople,
      inject: [Leavers, Clock],
      useFactory: (leavers: Leavers, clock: Clock): TenantPeople => ({
        signOut: ({ connection, corpId, issuer }) =>
          leavers.apply([{ kind: 'tenant-left', issuer }], {
            connection,
            channel: 'main',
            type: 'tenant.suspend',
            subject: corpId,
            sentAt: clock.now(),
          }),
      }),
    },
  ],
  exports: [InstallableConnections],
})
export class TenantsModule {}

import { Module } from '@nestjs/common';

import { AccountBindingModule } from '../../account-binding/account-binding.module.js';
import { Leavers } from '../../account-binding/leavers/leavers.js';
import { PeopleMigrating } from '../../account-binding/leavers/people-migrating.js';
import { AuditModule } from '../../audit/audit.module.js';
import { Clock } from '../../common/clock.js';
import { SealedPlaces } from '../../database/sealed-places.js';
import { ConnectionsModule } from '../connections.module.js';
import { IdMigrations } from './id-migration.js';
import { IdMigrationsRepository, sealedPlans } from './id-migrations.repository.js';
import { InstallableConnections } from './installable-connections.js';
import { MigratingApps } from './migrating-apps.js';
import { sealedPermanentCodes } from './postgres-installations.js';
import { sealedSuiteTickets } from './postgres-suite-tickets.js';
import { TenantAdministration } from './tenant-administration.js';
import { TenantMoving } from './tenant-moving.js';
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
    IdMigrations,
    IdMigrationsRepository,
    InstallableConnections,
    MigratingApps,
    PeopleMigrating,
    TenantAdministration,
    TenantMoving,
    TenantsRepository,
    {
      provide: TenantPeople,
      inject: [Leavers, PeopleMigrating, Clock],
      useFactory: (leavers: Leavers, migrating: PeopleMigrating, clock: Clock): TenantPeople => ({
        signOut: ({ connection, corpId, issuer }) =>
          leavers.apply([{ kind: 'tenant-left', issuer }], {
            connection,
            channel: 'main',
            type: 'tenant.suspend',
            subject: corpId,
            sentAt: clock.now(),
          }),
        members: (issuer) => migrating.members(issuer),
        rename: (move, alongside) => migrating.rename(move, alongside),
      }),
    },
  ],
  exports: [InstallableConnections],
})
export class TenantsModule {
  constructor(places: SealedPlaces) {
    for (const place of [sealedPermanentCodes, sealedSuiteTickets, sealedPlans])
      places.addColumn(place);
  }
}

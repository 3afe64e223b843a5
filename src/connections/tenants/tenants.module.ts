import { Module } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { endSessionsOfIdentity } from '../../account-binding/sessions.js';
import { AuditModule } from '../../audit/audit.module.js';
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
  imports: [AuditModule, ConnectionsModule],
  controllers: [TenantsController],
  providers: [
    InstallableConnections,
    TenantAdministration,
    TenantsRepository,
    {
      provide: TenantPeople,
      useFactory: (): TenantPeople => ({
        signOut: async (manager: EntityManager, issuer: string) => {
          const identities = await manager.query<{ id: string }[]>(
            `select id from identities where issuer = $1 order by id`,
            [issuer],
          );
          for (const { id } of identities) await endSessionsOfIdentity(manager, id);
        },
      }),
    },
  ],
  exports: [InstallableConnections],
})
export class TenantsModule {}

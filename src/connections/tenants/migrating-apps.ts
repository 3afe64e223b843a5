import { Injectable } from '@nestjs/common';

import type { IdMigration } from '../../auth/providers/provider.js';
import { ConnectionRegistry } from '../connection.registry.js';
import type { TenantMember } from './tenant-people.js';
import { TenantsRepository } from './tenants.repository.js';

/** What the platform converts in one call. */
const batchSize = 1000;

/** A connection whose app a corp has, or had. */
export interface App {
  readonly slug: string;
  /** Whether the platform may be asked anything for it. */
  readonly isActive: boolean;
  readonly change: IdMigration;
  readonly reusesSubject: (subject: string) => boolean;
}

/**
 * The apps that see one corp under the same id, and its people as the same identities: those of one provider. Their ids change together, since
 * a person who signs in through two of them is one.
 */
@Injectable()
export class MigratingApps {
  constructor(
    private readonly registry: ConnectionRegistry,
    private readonly tenants: TenantsRepository,
  ) {}

  async of(corpId: string, issuer: string): Promise<readonly App[]> {
    const apps: App[] = [];
    for (const { slug, enabled, provider } of await this.registry.list()) {
      if (provider.platform === 'local' || !provider.idMigration) continue;
      const tenant = await this.tenants.find(slug, corpId);
      const name = provider.nameIdentity({ subject: 'anyone', tenant: corpId });
      if (!tenant || name.issuer !== issuer) continue;
      apps.push({
        slug,
        isActive: enabled && tenant.status === 'active',
        change: provider.idMigration,
        reusesSubject: (subject) => provider.reusesSubject(subject),
      });
    }
    return apps;
  }

  /** Whether the corp has installed one of them under this id: then that is how the platform shows it. */
  async haveCorp(corpId: string, apps: readonly App[]): Promise<boolean> {
    for (const { slug } of apps) if (await this.tenants.find(slug, corpId)) return true;
    return false;
  }

  /**
   * Asks for everybody through the app by which they come, whose visible range they are in.
   * @param slug of the app that is asked for those whose own cannot be
   * @returns the ids after the change, by those before it
   */
  async idsAfter(
    corpId: string,
    slug: string,
    apps: readonly App[],
    members: readonly TenantMember[],
  ): Promise<ReadonlyMap<string, string>> {
    const asked = apps.filter((app) => app.isActive || app.slug === slug);
    const slugs = new Set(asked.map((app) => app.slug));
    const after = new Map<string, string>();
    for (const { change, reusesSubject, ...app } of asked) {
      const here = members.filter(({ connection }) =>
        slugs.has(connection) ? connection === app.slug : slug === app.slug,
      );
      // What is no plain id must not be asked for: too many that are wrong block the call for a day.
      const plain = here.flatMap(({ userId, subject }) =>
        userId === null ? (reusesSubject(subject) ? [subject] : []) : [userId],
      );
      const userIds = [...new Set(plain)].filter((userId) => !after.has(userId));
      for (let start = 0; start < userIds.length; start += batchSize) {
        const batch = await change.people(corpId, userIds.slice(start, start + batchSize));
        for (const [before, id] of batch) after.set(before, id);
      }
    }
    return after;
  }
}

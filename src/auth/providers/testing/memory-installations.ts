import type { Secret } from '../../../common/secret.js';
import type {
  GrantedInstallation,
  Installation,
  Installations,
  SuiteTicket,
  SuiteTickets,
} from '../installations.js';

/** Installations in memory, for specs of providers. */
export class MemoryInstallations implements Installations {
  readonly kept = new Map<string, Installation>();
  readonly grantedAt = new Map<string, Date>();

  find(corpId: string): Promise<Installation | undefined> {
    return Promise.resolve(this.kept.get(corpId));
  }

  list(): Promise<readonly Installation[]> {
    return Promise.resolve([...this.kept.values()]);
  }

  save({ grantedAt, ...granted }: GrantedInstallation): Promise<void> {
    if (grantedAt) this.grantedAt.set(granted.corpId, grantedAt);
    const before = this.kept.get(granted.corpId);
    const status = before?.status === 'suspended' ? 'suspended' : 'active';
    this.kept.set(granted.corpId, { ...before, ...granted, status });
    return Promise.resolve();
  }

  describe(corpId: string, facts: { name?: string; agentId?: string }): Promise<void> {
    const before = this.kept.get(corpId);
    if (before) this.kept.set(corpId, { ...before, ...facts });
    return Promise.resolve();
  }

  cancel(corpId: string, only?: Secret | Date): Promise<boolean> {
    const before = this.kept.get(corpId);
    if (!before || before.status === 'cancelled') return Promise.resolve(false);
    const isOther =
      only instanceof Date
        ? (this.grantedAt.get(corpId) ?? only) > only
        : only && before.permanentCode?.reveal() !== only.reveal();
    if (isOther) return Promise.resolve(false);
    const { corpId: id, name, agentId } = before;
    this.kept.set(corpId, {
      corpId: id,
      status: 'cancelled',
      ...(name !== undefined && { name }),
      ...(agentId !== undefined && { agentId }),
    });
    return Promise.resolve(true);
  }
}

/** Suite tickets in memory. */
export class MemorySuiteTickets implements SuiteTickets {
  readonly kept = new Map<string, SuiteTicket>();

  find(suiteId: string): Promise<SuiteTicket | undefined> {
    return Promise.resolve(this.kept.get(suiteId));
  }

  save(suiteId: string, ticket: SuiteTicket): Promise<boolean> {
    const before = this.kept.get(suiteId);
    if (before && before.pushedAt >= ticket.pushedAt) return Promise.resolve(false);
    this.kept.set(suiteId, ticket);
    return Promise.resolve(true);
  }
}

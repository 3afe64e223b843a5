import { ControlFault } from '../control-fields.js';
import type { CallbackAttempt } from './callback-sender.js';
import type { XmlFields } from './callback-envelope.js';
import type { ProviderEvents } from './events.js';
import { customer, installed } from './installing.js';
import type { WecomProviderState } from './state.js';
import {
  findMember,
  findSuite,
  isInRange,
  type CorpMember,
  type CustomerCorp,
  type Installation,
} from './world.js';

export type ContactChange = 'create_user' | 'update_user' | 'delete_user';

/** What may change of a member; `userid` is a rename. */
export type MemberChanges = Partial<Omit<CorpMember, 'firstUserid'>>;

type Told = Promise<CallbackAttempt | undefined>;

/** What a corp's administrator does to its people, and what the provider's apps there are told. */
export class Contacts {
  constructor(
    private readonly state: WecomProviderState,
    private readonly events: ProviderEvents,
  ) {}

  create(corpId: string, member: CorpMember): Promise<CallbackAttempt[]> {
    const corp = customer(this.state, corpId);
    corp.members.push(member);
    const told = this.#tell(corp, member, 'create_user', this.#details(member));
    return answers([...told, ...this.#announce(corp, member, 'subscribe')]);
  }

  /** A rename keeps the encrypted id; where ids are plain it is announced as `NewUserID`. */
  update(corpId: string, userid: string, changes: MemberChanges): Promise<CallbackAttempt[]> {
    const corp = customer(this.state, corpId);
    const before = known(corp, userid);
    const after: CorpMember = {
      ...before,
      ...changes,
      firstUserid: before.firstUserid ?? before.userid,
    };
    const oldId = this.state.seen.userid(corp, before);
    const newId = this.state.seen.userid(corp, after);
    corp.members = corp.members.map((it) => (it === before ? after : it));
    this.#renameInRanges(corp, before.userid, after.userid);
    const told = this.#tell(corp, after, 'update_user', {
      UserID: oldId,
      NewUserID: newId === oldId ? undefined : newId,
      ...this.#details(after, changes),
    });
    const wasActive = before.status === 1;
    if (wasActive === (after.status === 1)) return answers(told);
    return answers([
      ...told,
      ...this.#announce(corp, after, wasActive ? 'unsubscribe' : 'subscribe'),
    ]);
  }

  delete(corpId: string, userid: string): Promise<CallbackAttempt[]> {
    const corp = customer(this.state, corpId);
    const member = known(corp, userid);
    const told = this.#tell(corp, member, 'delete_user', {});
    const announced = this.#announce(corp, member, 'unsubscribe');
    corp.members = corp.members.filter((it) => it !== member);
    return answers([...told, ...announced]);
  }

  /** Another visible range: whoever enters or leaves it is announced (reference 7.5). */
  changeRange(corpId: string, suiteId: string, visible: Installation['visible']): Told[] {
    const corp = customer(this.state, corpId);
    const installation = installed(this.state, corp.corpId, suiteId);
    const before = { ...installation };
    installation.visible = visible;
    return corp.members.flatMap((member) => {
      const was = isInRange(before, member.userid);
      if (was === isInRange(installation, member.userid)) return [];
      return this.#event(corp, installation, member, was ? 'unsubscribe' : 'subscribe');
    });
  }

  /** Third-party apps at the command URL, delegated ones at their own (reference 7.4, 9.2). */
  #tell(corp: CustomerCorp, member: CorpMember, change: ContactChange, more: XmlFields): Told[] {
    const { state, events } = this;
    const UserID = state.seen.userid(corp, member);
    return this.#appsThatSee(corp, member).map((installation) => {
      if (findSuite(state.world, installation.suiteId)?.kind === 'delegated') {
        const fields = { Event: 'change_contact', ChangeType: change, UserID, ...more };
        return events.corpEvent(corp, installation, fields);
      }
      return events.command(installation.suiteId, 'change_contact', {
        AuthCorpId: state.seen.corpId(corp),
        ChangeType: change,
        UserID,
        // Seen to be left out now and then (reference 7.4).
        OpenUserID: state.variation.chance(0.2) ? undefined : state.seen.openUserid(corp, member),
        ...more,
        // Only delegated apps are told: the others learn of it by the data URL.
        Status: undefined,
      });
    });
  }

  /** Who joins, leaves or is disabled comes and goes for every app that sees them (reference 7.5). */
  #announce(corp: CustomerCorp, member: CorpMember, event: 'subscribe' | 'unsubscribe'): Told[] {
    return this.#appsThatSee(corp, member).map((installation) =>
      this.#event(corp, installation, member, event),
    );
  }

  #event(
    corp: CustomerCorp,
    installation: Installation,
    member: CorpMember,
    event: 'subscribe' | 'unsubscribe',
  ): Told {
    return this.events.corpEvent(corp, installation, {
      FromUserName: this.state.seen.userid(corp, member),
      Event: event,
      EventKey: '',
      AgentID: installation.agentId,
    });
  }

  #appsThatSee(corp: CustomerCorp, member: CorpMember): Installation[] {
    return this.state.world.installations.filter(
      (it) => it.corpId === corp.corpId && it.status === 'active' && isInRange(it, member.userid),
    );
  }

  /** Neither name nor phone: they go to apps of another kind. */
  #details(member: CorpMember, only: MemberChanges = member): XmlFields {
    return {
      ...(only.department ? { Department: member.department.join(',') } : {}),
      ...(only.department ? { MainDepartment: member.department[0] ?? 1 } : {}),
      ...(only.status === undefined ? {} : { Status: member.status }),
    };
  }

  #renameInRanges(corp: CustomerCorp, before: string, after: string): void {
    for (const installation of this.state.world.installations) {
      if (installation.corpId !== corp.corpId || installation.visible === 'all') continue;
      installation.visible = installation.visible.map((it) => (it === before ? after : it));
    }
  }
}

async function answers(told: readonly Told[]): Promise<CallbackAttempt[]> {
  return (await Promise.all(told)).filter((attempt) => attempt !== undefined);
}

function known(corp: CustomerCorp, userid: string): CorpMember {
  const member = findMember(corp, userid);
  if (!member) throw new ControlFault(`no member ${userid} in ${corp.corpId}`);
  return member;
}

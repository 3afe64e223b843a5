import { ControlFault } from '../control-fields.js';
import type { CallbackAttempt } from './callback-sender.js';
import type { XmlFields } from './callback-envelope.js';
import type { ProviderEvents } from './events.js';
import { customer } from './installing.js';
import type { WecomProviderState } from './state.js';
import { findMember, findSuite, isInRange, type CorpMember, type CustomerCorp } from './world.js';

export type ContactChange = 'create_user' | 'update_user' | 'delete_user';

/** What may change of a member; `userid` is a rename. */
export type MemberChanges = Partial<Omit<CorpMember, 'firstUserid'>>;

/** What a corp's administrator does to its people, and what the provider's apps there are told. */
export class Contacts {
  constructor(
    private readonly state: WecomProviderState,
    private readonly events: ProviderEvents,
  ) {}

  create(corpId: string, member: CorpMember): Promise<CallbackAttempt[]> {
    const corp = customer(this.state, corpId);
    corp.members.push(member);
    return this.#tell(corp, member, 'create_user', this.#details(member));
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
    return this.#tell(corp, after, 'update_user', {
      ...this.#details(after, changes),
      UserID: oldId,
      NewUserID: newId === oldId ? undefined : newId,
    });
  }

  async delete(corpId: string, userid: string): Promise<CallbackAttempt[]> {
    const corp = customer(this.state, corpId);
    const member = known(corp, userid);
    const telling = this.#tell(corp, member, 'delete_user', {});
    corp.members = corp.members.filter((it) => it !== member);
    return telling;
  }

  /** Third-party apps at the command URL, delegated ones at their own (reference 7.4, 9.2). */
  async #tell(
    corp: CustomerCorp,
    member: CorpMember,
    change: ContactChange,
    more: XmlFields,
  ): Promise<CallbackAttempt[]> {
    const { state, events } = this;
    const told = state.world.installations
      .filter((it) => it.corpId === corp.corpId && it.status === 'active')
      .filter((it) => isInRange(it, member.userid))
      .map((installation) => {
        const UserID = state.seen.userid(corp, member);
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
        });
      });
    return (await Promise.all(told)).filter((attempt) => attempt !== undefined);
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

function known(corp: CustomerCorp, userid: string): CorpMember {
  const member = findMember(corp, userid);
  if (!member) throw new ControlFault(`no member ${userid} in ${corp.corpId}`);
  return member;
}

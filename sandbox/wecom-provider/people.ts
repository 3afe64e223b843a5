import type { ScanChoice } from '../pages/scan.page.js';
import type { WecomProviderState } from './state.js';
import {
  findCustomer,
  findMember,
  type CorpMember,
  type CorpVisitor,
  type CustomerCorp,
} from './world.js';

/** More corps than this are not shown; who belongs to one of them is chosen by the address. */
const CORPS_SHOWN = 20;

/** A person, as `data-member` names one where several corps are possible: `userid@corpid`, both plain. */
export interface Person {
  readonly corp: CustomerCorp;
  /** As stored. */
  readonly id: string;
  readonly name: string;
  readonly member?: CorpMember;
}

/** Finds `userid@corpid`, or an id alone in the corp that is meant. */
export function findPerson(
  state: WecomProviderState,
  named: string,
  meant?: CustomerCorp,
): Person | undefined {
  const at = named.lastIndexOf('@');
  const there = at > 0 ? findCustomer(state.world, named.slice(at + 1)) : undefined;
  const corp = there ?? meant;
  const id = there ? named.slice(0, at) : named;
  const member = corp && findMember(corp, id);
  if (member) return { corp, id: member.userid, name: member.name, member };
  const visitor: CorpVisitor | undefined = corp?.visitors.find((it) => it.id === id);
  return corp && visitor ? { corp, id: visitor.id, name: visitor.name } : undefined;
}

/** Everyone who might scan: of one corp, or of all. */
export function memberChoices(
  state: WecomProviderState,
  base: string,
  options: {
    readonly corpId?: string | undefined;
    readonly among: 'members' | 'admins' | 'managers';
  },
): ScanChoice[] {
  return state.world.corps
    .filter(({ corpId }) => options.corpId === undefined || corpId === options.corpId)
    .slice(0, CORPS_SHOWN)
    .flatMap((corp) =>
      corp.members
        .filter((member) => isAmong(corp, member, options.among))
        .map((member) => choice(corp, member, base)),
    );
}

/** Managers are the administrators who may do more than send messages. */
export function isAmong(
  corp: CustomerCorp,
  member: CorpMember,
  among: 'members' | 'admins' | 'managers',
): boolean {
  if (among === 'members') return true;
  const admin = corp.admins.find(({ userid }) => userid === member.userid);
  return admin !== undefined && (among === 'admins' || admin.authType === 1);
}

function choice(corp: CustomerCorp, member: CorpMember, base: string): ScanChoice {
  const id = `${member.userid}@${corp.corpId}`;
  return {
    id,
    name: member.name,
    note: member.status === 2 ? `${corp.name} · 已禁用 disabled` : corp.name,
    href: `${base}/as/${encodeURIComponent(id)}`,
  };
}

/** Whether the pages let this member go on; someone who left or was never activated cannot. */
export function mayPass(state: WecomProviderState, member: CorpMember): boolean {
  if (member.status === 1) return true;
  return member.status === 2 && state.settings.disabledMembers === 'let-in';
}

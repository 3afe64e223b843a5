import type { ScanChoice } from '../pages/scan.page.js';
import type { WecomState } from './state.js';
import { findMember, isVisible, type WecomApp, type WecomCorp, type WecomMember } from './world.js';

/** Who stands before a login page: a member, or someone else, by the id that `data-member` shows. */
export function findPerson(
  corp: WecomCorp,
  id: string,
): { id: string; name: string; member?: WecomMember } | undefined {
  const member = findMember(corp, id);
  if (member) return { id: member.userid, name: member.name, member };
  return corp.visitors.find((visitor) => visitor.id === id);
}

/** The company's members, as the scan page lists them. Only members can use Web login (reference wecom 4). */
export function memberChoices(corp: WecomCorp, app: WecomApp, base: string): ScanChoice[] {
  return corp.members.map((member) => ({
    id: member.userid,
    name: member.name,
    note: memberNote(app, member),
    href: `${base}/as/${encodeURIComponent(member.userid)}`,
  }));
}

function memberNote(app: WecomApp, member: WecomMember): string {
  if (member.status === 2) return '已禁用 disabled';
  return isVisible(app, member) ? '' : '不在可见范围 outside the visible range';
}

/** Whether the pages let this member go on; someone who left or was never activated cannot. */
export function mayPass(state: WecomState, member: WecomMember | undefined): boolean {
  if (!member || member.status === 1) return true;
  return member.status === 2 && state.settings.disabledMembers === 'let-in';
}

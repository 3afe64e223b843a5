import type { LoginAttempt } from './state.js';
import {
  isVisible,
  membershipsOf,
  type DingtalkApp,
  type DingtalkCorp,
  type DingtalkMember,
  type DingtalkPerson,
  type DingtalkWorld,
} from './world.js';

/** Someone who can scan, and the org they choose when the scope asks for one. */
export interface LoginChoice {
  /** The userid in the app's org; `userid@corpId` for another org of the same person; an outsider's person id. */
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly personId: string;
  readonly corpId?: string;
  /** Not an employee of the app's org. */
  readonly outsider: boolean;
}

type OrgFilter = Pick<LoginAttempt, 'withCorp' | 'onlyCorp' | 'administeredOnly'>;

/** Everyone who could scan this app's QR code, members of its org first. */
export function loginChoices(
  world: DingtalkWorld,
  app: DingtalkApp,
  filter: OrgFilter,
): LoginChoice[] {
  return world.people
    .flatMap((person) => choicesOf(world, app, filter, person))
    .sort((one, other) => Number(one.outsider) - Number(other.outsider));
}

function choicesOf(
  world: DingtalkWorld,
  app: DingtalkApp,
  filter: OrgFilter,
  person: DingtalkPerson,
): LoginChoice[] {
  const memberships = membershipsOf(world, person.id);
  const outsider = !memberships.some(({ corp }) => corp.corpId === app.corpId);
  const orgs = memberships
    .filter(
      ({ corp, member }) =>
        (filter.onlyCorp === undefined || corp.corpId === filter.onlyCorp) &&
        (!filter.administeredOnly || member.admin),
    )
    .map(({ corp, member }) => ({
      id: idOf(app, corp.corpId, member.userid, outsider ? person.id : undefined),
      name: member.name,
      note: noteOf(app, corp, member, outsider),
      personId: person.id,
      corpId: corp.corpId,
      outsider,
    }))
    .sort((one) => (one.corpId === app.corpId ? -1 : 1));
  // Without an org to choose, a person is one choice; an outsider shows up once in any case.
  if (filter.withCorp && !outsider) return orgs;
  if (orgs[0] || filter.withCorp) return orgs.slice(0, 1);
  return [{ id: person.id, name: person.nick, note: '', personId: person.id, outsider }];
}

function idOf(app: DingtalkApp, corpId: string, userid: string, outsiderId?: string): string {
  if (outsiderId !== undefined) return outsiderId;
  return corpId === app.corpId ? userid : `${userid}@${corpId}`;
}

function noteOf(
  app: DingtalkApp,
  corp: DingtalkCorp,
  member: DingtalkMember,
  outsider: boolean,
): string {
  const notes = [corp.name];
  if (outsider) notes.push('组织外 outsider');
  else if (corp.corpId === app.corpId && !isVisible(app, member.userid)) {
    notes.push('不在可见范围 outside the visible range');
  }
  if (!member.active) notes.push('未激活 not active');
  return notes.join(' · ');
}

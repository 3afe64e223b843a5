/** What a change of a corp's ids makes of its people's. */
export interface IdChange {
  readonly fromIssuer: string;
  readonly toIssuer: string;
  /** The corp's id after the change. */
  readonly tenant: string;
  /** People's ids after the change, by the user ids before it. */
  readonly ids: ReadonlyMap<string, string>;
  /** Whether a subject is the platform's own for good, and so the same after the change. */
  readonly keepsSubject: (subject: string) => boolean;
}

interface Person {
  readonly subject: string;
  readonly userId: string | null;
}

interface NamedAfter<P> {
  readonly person: P;
  readonly name: { readonly subject: string; readonly userId: string };
}

/** Everybody's name after the change; of two who would share one, the first has it. */
export function namesAfter<P extends Person>(
  people: readonly P[],
  change: Pick<IdChange, 'ids' | 'keepsSubject'>,
): {
  readonly named: readonly NamedAfter<P>[];
  readonly taken: readonly P[];
  readonly unknown: readonly P[];
} {
  const named = new Map<string, NamedAfter<P>>();
  const taken: P[] = [];
  const unknown: P[] = [];
  for (const person of people) {
    const name = nameAfter(person, change);
    if (!name) unknown.push(person);
    else if (named.has(name.subject)) taken.push(person);
    else named.set(name.subject, { person, name });
  }
  return { named: [...named.values()], taken, unknown };
}

/** @returns nothing for a plain user id of which the platform did not say what becomes of it */
function nameAfter(
  { subject, userId }: Person,
  { ids, keepsSubject }: Pick<IdChange, 'ids' | 'keepsSubject'>,
): { readonly subject: string; readonly userId: string } | undefined {
  const after = ids.get(userId ?? subject);
  // What stands apart from the user id is the platform's own, and becomes the user id, too.
  if (userId !== null && subject !== userId) return { subject, userId: after ?? subject };
  const known = after ?? (keepsSubject(subject) ? subject : undefined);
  return known === undefined ? undefined : { subject: known, userId: known };
}

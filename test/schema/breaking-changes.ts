import type { Relation, SchemaShape } from './schema-shape.js';

/**
 * What code that knows only the schema before could not live with, while the schema is the one after: a line each. What is new is no
 * harm, as long as nobody has to fill it who does not know it.
 */
export function breakingChanges(before: SchemaShape, after: SchemaShape): string[] {
  const known = [...before].flatMap(([name, old]) => {
    const now = after.get(name);
    return now ? changesOf(name, old, now) : [`${name} is gone`];
  });
  return [...known, ...newHolds(before, after)].sort();
}

/** Statements that change rows which were there, a line each: older code may count on them. */
export function changedRows(statements: readonly string[], before: SchemaShape): string[] {
  return statements.flatMap((statement) => {
    const [, verb = '', table = ''] =
      /^\s*(update|delete\s+from|insert\s+into|truncate|merge\s+into)\s+(?:only\s+)?"?(\w+)/i.exec(
        statement,
      ) ?? [];
    return before.has(table)
      ? [`rows of ${table} change (${verb.toLowerCase().split(/\s/)[0]})`]
      : [];
  });
}

function changesOf(table: string, old: Relation, now: Relation): string[] {
  const changes: string[] = [];
  for (const [name, column] of old.columns) {
    const is = now.columns.get(name);
    if (!is) changes.push(`${table}.${name} is gone`);
    else if (is.type !== column.type)
      changes.push(`${table}.${name} is ${is.type}, and was ${column.type}`);
    else if (is.isFilled && !column.isFilled) changes.push(`${table}.${name} must be filled`);
    else if (column.isFilled && !is.isFilled) changes.push(`${table}.${name} may be empty`);
    else if (is.isFilled && column.hasDefault && !is.hasDefault)
      changes.push(`${table}.${name} has no default any more`);
  }
  for (const [name, { isFilled, hasDefault }] of now.columns)
    if (!old.columns.has(name) && isFilled && !hasDefault)
      changes.push(`${table}.${name} is new, and must be filled`);
  for (const [name, { words, columns }] of now.rules) {
    const isOfNewColumns = columns.length > 0 && columns.every((each) => !old.columns.has(each));
    if (old.rules.get(name)?.words !== words && !isOfNewColumns)
      changes.push(`${table} has a new rule: ${name}`);
  }
  // Whoever writes `on conflict` names a unique one.
  for (const [name, { words }] of old.rules)
    if (!now.rules.has(name) && /unique|primary key/i.test(words))
      changes.push(`${table} has lost a rule: ${name}`);
  return changes;
}

/** New tables whose rows keep those of an older one from being deleted by whoever does not know them. */
function newHolds(before: SchemaShape, after: SchemaShape): string[] {
  return [...after]
    .filter(([name]) => !before.has(name))
    .flatMap(([name, { rules }]) =>
      [...rules.values()]
        .filter(({ holds }) => holds !== undefined && before.has(holds))
        .map(({ holds }) => `${name} keeps rows of ${holds} from being deleted`),
    );
}

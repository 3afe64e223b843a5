/** Fields of a connection as someone gave them, or as they are kept. */
type Plain = Readonly<Record<string, unknown>>;

/** Where a secret stands: in a field of its own, or one step further in (`loginSuite.suiteSecret`). */
interface Place {
  readonly name: string;
  readonly outer: string;
  readonly inner: string | undefined;
}

/**
 * Puts secrets that were kept apart back into the fields that they stand in. What is in its place already wins; what stood in a field that
 * is gone, goes with it.
 * @param names the platform's secrets, by place
 */
export function withSecretsInPlace(plain: Plain, names: readonly string[]): Plain {
  const joined: Record<string, unknown> = { ...plain };
  for (const { name, outer, inner } of names.map(placeOf)) {
    if (inner === undefined || !Object.hasOwn(joined, name)) continue;
    const holder = joined[outer];
    if (isFields(holder)) joined[outer] = { [inner]: joined[name], ...holder };
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the names are the platform's own
    delete joined[name];
  }
  return joined;
}

/** Takes the secrets out of the fields. @returns the rest, and the secrets by place */
export function withoutSecrets(
  plain: Plain,
  names: readonly string[],
): { rest: Record<string, unknown>; secrets: Record<string, string> } {
  const rest: Record<string, unknown> = { ...plain };
  const secrets: Record<string, string> = {};
  for (const { name, outer, inner } of names.map(placeOf)) {
    const holder = rest[outer];
    const fields = inner === undefined ? rest : isFields(holder) ? { ...holder } : undefined;
    const field = inner ?? outer;
    if (!fields || !Object.hasOwn(fields, field)) continue;
    secrets[name] = fields[field] as string;
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- as above
    delete fields[field];
    if (inner !== undefined) rest[outer] = fields;
  }
  return { rest, secrets };
}

function placeOf(name: string): Place {
  const [outer = '', inner] = name.split('.');
  return { name, outer, inner };
}

function isFields(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

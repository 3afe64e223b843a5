/** The tester's request is faulty; the message says how. */
export class ControlFault extends Error {}

/** What a control request was given, by JSON or by form. */
export class ControlFields {
  constructor(private readonly fields: Readonly<Record<string, unknown>>) {}

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined) throw new ControlFault(`${name} is missing`);
    return value;
  }

  optionalText(name: string): string | undefined {
    const value = this.fields[name];
    if (typeof value === 'number') return value.toString();
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  number(name: string): number {
    const value = this.optionalNumber(name);
    if (value === undefined) throw new ControlFault(`${name} is missing`);
    return value;
  }

  optionalNumber(name: string): number | undefined {
    const text = this.optionalText(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!Number.isFinite(value)) throw new ControlFault(`${name} is not a number`);
    return value;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.text(name);
    const found = allowed.find((item) => item === value);
    if (found === undefined) {
      throw new ControlFault(`${name} must be one of ${allowed.join(', ')}`);
    }
    return found;
  }
}

import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';

/** The rules that variables of the environment share. */

/** An empty variable is as good as none: compose files hand those over. */
export const Emptied = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));

/** Digits become a number; anything else stays, for the check to find. */
export const WholeNumber = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d+$/.test(value)
      ? Number(value)
      : value === ''
        ? undefined
        : value,
  );

/** @param what e.g. `a number of seconds` */
export function IsWhole(from: number, to: number, what: string): PropertyDecorator {
  return ValidateBy({
    name: 'isWhole',
    validator: {
      validate: (value: unknown) => typeof value === 'number' && value >= from && value <= to,
      defaultMessage: () => `must be ${what} from ${from} to ${to}`,
    },
  });
}

export function IsUrlOf(protocols: readonly string[], message: string): PropertyDecorator {
  return ValidateBy({
    name: 'isUrlOf',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' &&
        URL.canParse(value) &&
        protocols.includes(new URL(value).protocol),
      defaultMessage: () => message,
    },
  });
}

import { ValidateBy, ValidateIf, type ValidationArguments } from 'class-validator';

import { Secret } from '../../../common/secret.js';

type Fields = Readonly<Record<string, unknown>>;

/** A corp's id; left out exactly when `tenantPolicy` is `any`, so that nobody is let in, or kept out, by an oversight. */
export function IsCorpIdUnlessAny(): PropertyDecorator {
  return ValidateBy({
    name: 'isCorpIdUnlessAny',
    validator: {
      validate: (value, args) => {
        const isOpenToAll = fieldsOf(args)['tenantPolicy'] === 'any';
        if (value === undefined) return isOpenToAll;
        return !isOpenToAll && typeof value === 'string' && /^\w{4,64}$/.test(value);
      },
      defaultMessage: (args) =>
        fieldsOf(args)['tenantPolicy'] === 'any'
          ? 'must be left out where tenantPolicy is any'
          : 'must be the corp’s id (ding…), or be left out together with tenantPolicy: any',
    },
  });
}

/** Checked as soon as this field or its twin is there: one without the other is a fault of the one that is missing. */
export function IsBothOrNeither(twin: string): PropertyDecorator {
  return ValidateIf(
    (fields: Fields, value: unknown) => value !== undefined || fields[twin] !== undefined,
  );
}

/** What a secret must look like, said without showing it. */
export function SecretMatches(pattern: RegExp, message: string): PropertyDecorator {
  return ValidateBy({
    name: 'secretMatches',
    validator: {
      validate: (value: unknown) => value instanceof Secret && pattern.test(value.reveal()),
      defaultMessage: () => message,
    },
  });
}

function fieldsOf(args: ValidationArguments | undefined): Fields {
  return (args?.object ?? {}) as Fields;
}

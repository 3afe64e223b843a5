import { applyDecorators } from '@nestjs/common';
import { ValidateBy, ValidateIf } from 'class-validator';

import { Secret } from '../../../common/secret.js';
import { IsSecret } from '../../../common/validation.js';

/** The Token of a callback (reference wecom-self-built 9); it is there exactly when the AES key `twin` is; without a twin, always. */
export function IsCallbackToken(twin?: string): PropertyDecorator {
  return isHalfOfPair(twin, /^[A-Za-z0-9]{3,32}$/, 'must be 3 to 32 letters and digits');
}

/** The EncodingAESKey of a callback (9); it is there exactly when the Token `twin` is; without a twin, always. */
export function IsCallbackAesKey(twin?: string): PropertyDecorator {
  return isHalfOfPair(twin, /^[A-Za-z0-9]{43}$/, 'must be 43 letters and digits');
}

/** Checked as soon as this field or its twin is there: one without the other is a fault of the one that is missing. */
function isHalfOfPair(twin: string | undefined, pattern: RegExp, rule: string): PropertyDecorator {
  return applyDecorators(
    ValidateIf(
      (fields: Readonly<Record<string, unknown>>, value: unknown) =>
        twin === undefined || isGiven(value) || isGiven(fields[twin]),
    ),
    ValidateBy({
      name: 'isHalfOfPair',
      validator: {
        validate: (value: unknown) => value instanceof Secret && pattern.test(value.reveal()),
        defaultMessage: (args) =>
          twin === undefined || isGiven(args?.value) ? rule : `must be given together with ${twin}`,
      },
    }),
    IsSecret(),
  );
}

/** YAML makes `null` of a name without a value. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

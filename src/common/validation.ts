import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ValidateBy, ValidateIf } from 'class-validator';

import { Secret } from './secret.js';

/** A secret field of a DTO or a settings class: text in the file or the request, a `Secret` from then on. */
export function IsSecret(options: { minLength?: number } = {}): PropertyDecorator {
  const minLength = options.minLength ?? 1;
  return applyDecorators(
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? new Secret(value) : value,
    ),
    ValidateBy({
      name: 'isSecret',
      validator: {
        validate: (value: unknown) => value instanceof Secret && value.reveal().length >= minLength,
        defaultMessage: () => `must be a text of at least ${minLength} characters`,
      },
    }),
  );
}

/** Left out, or valid. Not `@IsOptional()`, which lets `null` through: an empty line in YAML must not switch a rule off. */
export const IfGiven = (): PropertyDecorator =>
  ValidateIf((_fields: unknown, value: unknown) => value !== undefined);

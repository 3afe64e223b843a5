import { ValidationPipe, type ValidationError } from '@nestjs/common';

import { AppError, type FieldFault } from './app-error.js';
import { faultsOf } from './faults.js';

/** Checks every body and query against its class. Unknown fields are refused, and the answer names every faulty one. */
export function requestValidation(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors: ValidationError[]) => refusal(errors),
  });
}

function refusal(errors: ValidationError[]): AppError {
  return faultyFields(errors.flatMap((error) => faultsOf(error, '')).map(toFieldFault));
}

/** `request_invalid`, which names every faulty field. */
export function faultyFields(errors: readonly FieldFault[]): AppError {
  return new AppError('request_invalid', 'The request has faulty fields.', { errors });
}

/** `redirectUris[0]: must be …` as a field and what is wrong with it. */
export function toFieldFault(fault: string): { field: string; message: string } {
  const at = fault.indexOf(': ');
  return at < 0
    ? { field: '', message: fault }
    : { field: fault.slice(0, at), message: fault.slice(at + 2) };
}

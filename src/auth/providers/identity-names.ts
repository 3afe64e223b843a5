import { AppError } from '../../common/app-error.js';

/** An identity that an administrator wrote down in a way that the platform never would. */
export function notAllowed(field: 'subject' | 'tenant', message: string): AppError {
  return new AppError('value_not_allowed', 'The identity is not one of this connection.', {
    errors: [{ field, message }],
  });
}

/** @throws AppError `value_not_allowed` where a connection to one corp is asked for another */
export function refuseForeignTenant(tenant: string | undefined, corpId: string | undefined): void {
  if (tenant !== undefined && tenant !== corpId)
    throw new AppError('value_not_allowed', 'The connection belongs to another corp.', {
      errors: [{ field: 'tenant', message: 'must be the corp of this connection, or left out' }],
    });
}

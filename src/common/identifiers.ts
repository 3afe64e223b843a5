import { AppError } from './app-error.js';

/** What an id of ours looks like. */
export const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const things = {
  account: ['account_not_found', 'There is no such account.'],
  identity: ['identity_not_found', 'The account has no such identity.'],
  webhook: ['webhook_not_found', 'There is no such webhook.'],
  delivery: ['delivery_not_found', 'There is no such delivery.'],
  request: ['account_request_not_found', 'There is no such request.'],
  signingKey: ['signing_key_not_found', 'There is no such signing key.'],
  tenant: ['tenant_not_found', 'No such corp has installed the app.'],
} as const;

/** What an id that leads nowhere is answered with, whether it is well formed or not. */
export function notFound(thing: keyof typeof things): AppError {
  const [code, message] = things[thing];
  return new AppError(code, message);
}

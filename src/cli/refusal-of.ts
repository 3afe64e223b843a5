import { AppError } from '../common/app-error.js';
import { UnreadableSecretError } from '../common/encryption.js';
import { ConfigError } from '../config/load-config.js';
import { PendingMigrationsError } from '../database/migrator.js';
import { DatabaseRefusedError, isPostgresAway, isRefusal } from '../database/retry.js';
import { UnknownSecretKeysError } from '../reencryption/key-check.js';
import { exitCodes, meansAway } from './exit-codes.js';
import { Refusal } from './refusal.js';

/** What a foreseen error means at the terminal. @returns `undefined` for a bug */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof AppError) {
    return new Refusal(
      error.code,
      error.message,
      meansAway(error.code) ? exitCodes.unreachable : exitCodes.refused,
      error.errors?.map(({ field, message }) => `${field}: ${message}`),
    );
  }
  if (error instanceof ConfigError)
    return new Refusal(
      'environment_invalid',
      `The environment has ${error.faults.length} fault(s).`,
      exitCodes.refused,
      error.faults,
    );
  if (error instanceof PendingMigrationsError) return new Refusal('schema_outdated', error.message);
  if (error instanceof UnreadableSecretError || error instanceof UnknownSecretKeysError)
    return new Refusal('secret_unreadable', error.message);
  if (isPostgresAway(error))
    return new Refusal(
      'postgres_unreachable',
      `Postgres is not reachable: ${reasonOf(error)}.`,
      exitCodes.unreachable,
    );
  if (error instanceof DatabaseRefusedError) return new Refusal('postgres_refused', error.message);
  if (isRefusal(error))
    return new Refusal('postgres_refused', new DatabaseRefusedError(error).message);
  return undefined;
}

/** A name with several addresses fails once for each, and has no words of its own. */
function reasonOf(error: unknown): string {
  const { message, errors } = error as Partial<AggregateError>;
  const [first] = (errors ?? []) as Error[];
  return message || first?.message || 'no answer';
}

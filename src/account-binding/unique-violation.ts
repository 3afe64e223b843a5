import { type DataSource, QueryFailedError } from 'typeorm';

/**
 * Runs one statement; `undefined` when someone else was first: a unique constraint says so, or two that waited for each other were told
 * apart. Nothing of the statement stays then.
 */
export async function unlessTaken<T>(
  dataSource: DataSource,
  sql: string,
  parameters: readonly unknown[],
): Promise<T | undefined> {
  try {
    return await dataSource.query<T>(sql, [...parameters]);
  } catch (error) {
    if (isUniqueViolation(error) || isDeadlock(error)) return undefined;
    throw error;
  }
}

export function isUniqueViolation(error: unknown): boolean {
  return stateOf(error) === '23505';
}

/** Whether the row that another belongs to is gone. */
export function isForeignKeyViolation(error: unknown): boolean {
  return stateOf(error) === '23503';
}

/** Whether two transactions waited for each other, and Postgres ended this one. */
export function isDeadlock(error: unknown): boolean {
  return stateOf(error) === '40P01';
}

/** SQLSTATE. */
function stateOf(error: unknown): string | undefined {
  return error instanceof QueryFailedError
    ? (error.driverError as { code?: string }).code
    : undefined;
}

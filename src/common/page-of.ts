import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

import { AppError } from './app-error.js';

/** One page of a list (DESIGN 8). */
export interface PageOf<T> {
  readonly items: readonly T[];
  /** Asks for the next page; `null` at the end. */
  readonly nextCursor: string | null;
}

/** The query of every list. */
export class PageQuery {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 200, default: 50 })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : value,
  )
  @IsInt({ message: 'must be a whole number from 1 to 200' })
  @Min(1, { message: 'must be a whole number from 1 to 200' })
  @Max(200, { message: 'must be a whole number from 1 to 200' })
  limit = 50;

  @ApiPropertyOptional({ type: String, description: 'The nextCursor of the page before.' })
  @IsOptional()
  @IsString()
  @MaxLength(300)
  cursor?: string;
}

/**
 * Makes a page from one row more than was asked for.
 * @param keyOf the values that the list is ordered by: the next page begins after them, whatever was added in the meantime
 */
export function pageOf<Row, T>(
  rows: readonly Row[],
  limit: number,
  view: (row: Row) => T,
  keyOf: (row: Row) => readonly string[],
): PageOf<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(view),
    nextCursor: rows.length > limit && last ? writeCursor(keyOf(last)) : null,
  };
}

/**
 * The page of a list that is short enough to be read whole.
 * @param keyOf what the list is ordered by, and what names an item among the others: a page begins after that, also where it is gone
 * @throws AppError `request_invalid`
 */
export function pageOfWhole<T>(
  whole: readonly T[],
  { limit, cursor }: PageQuery,
  keyOf: (item: T) => readonly [string, string],
): PageOf<T> {
  const last = cursor === undefined ? [] : readCursor(cursor, [/^/, /^/]);
  const rest = whole
    .filter((item) => isAfter(keyOf(item), last))
    .sort((one, other) => (isAfter(keyOf(one), keyOf(other)) ? 1 : -1));
  return pageOf(rest, limit, (item) => item, keyOf);
}

function isAfter(key: readonly string[], [order = '', name = '']: readonly string[]): boolean {
  const [ownOrder = '', ownName = ''] = key;
  return ownOrder === order ? ownName > name : ownOrder > order;
}

function foreignCursor(): AppError {
  return new AppError('request_invalid', 'The cursor is not one of ours.', {
    errors: [{ field: 'cursor', message: 'must be the nextCursor of an earlier answer' }],
  });
}

function writeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/**
 * Reads a cursor back.
 * @param shapes what each value must look like: cursors come from outside
 * @throws AppError `request_invalid`
 */
export function readCursor(cursor: string, shapes: readonly RegExp[]): readonly string[] {
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw foreignCursor();
  }
  if (!Array.isArray(key) || key.length !== shapes.length) throw foreignCursor();
  const values = key as unknown[];
  if (!values.every((value, at) => typeof value === 'string' && shapes[at]?.test(value)))
    throw foreignCursor();
  return values as string[];
}

/** Shapes of values in cursors. */
export const cursorShapes = {
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  sequence: /^\d{1,18}$/,
  /** A time as Postgres prints it, in microseconds. */
  instant: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/,
} as const;

/** SQL that prints a timestamp to the microsecond, as `cursorShapes.instant` wants it. */
export const instantSql = (column: string): string =>
  `to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsUUID, ValidateNested } from 'class-validator';

import type { IdentityName } from '../../auth/providers/provider.js';
import { AppError, type FieldFault } from '../../common/app-error.js';
import { readAs } from '../../common/faults.js';
import { toFieldFault } from '../../common/request-validation.js';
import { IfGiven } from '../../common/validation.js';
import { AccountFields } from '../account-fields.js';
import { BindIdentityDto } from '../administration/accounts.dto.js';
import type { IdentityBinding } from '../administration/identity-binding.js';
import type { Line } from './lines.js';

/** One person in the file: an account's fields, and what finds them again. */
export class ImportFields extends AccountFields {
  /** The id that the account gets. */
  @IfGiven()
  @IsUUID(undefined, { message: 'must be a UUID' })
  id?: string;

  @IfGiven()
  @ValidateNested({ each: true })
  @Type(() => BindIdentityDto)
  @ArrayMaxSize(20)
  @IsArray()
  identities?: BindIdentityDto[];
}

/** A row that may be written. */
export interface ImportRow {
  readonly line: number;
  readonly id: string | undefined;
  readonly fields: AccountFields;
  readonly identities: readonly (IdentityName & { readonly connection: string })[];
}

/** What became of a row; one line of the answer each. */
export type ImportResult =
  | { readonly line: number; readonly status: 'created'; readonly id: string }
  | {
      readonly line: number;
      readonly status: 'exists';
      readonly id: string;
      readonly identitiesAdded?: number;
    }
  | {
      readonly line: number;
      readonly status: 'failed';
      readonly code: string;
      readonly title: string;
      readonly errors?: readonly FieldFault[];
    };

/**
 * Reads a line.
 * @throws AppError `request_invalid`, `value_not_allowed`, `connection_not_found`
 */
export async function readRow(line: Line, binding: IdentityBinding): Promise<ImportRow> {
  if ('fault' in line) throw invalid(line.fault);
  const { value, faults } = readAs(ImportFields, parse(line.text));
  if (faults.length > 0) throw invalid('The row has faulty fields.', faults.map(toFieldFault));
  const { id, identities: named = [], ...fields } = value;
  if (fields.phoneVerified && !fields.phone)
    throw invalid('The row has faulty fields.', [
      { field: 'phoneVerified', message: 'must not be true where there is nothing to verify' },
    ]);
  if (fields.emailVerified && !fields.email)
    throw invalid('The row has faulty fields.', [
      { field: 'emailVerified', message: 'must not be true where there is nothing to verify' },
    ]);
  const verifiedPhone = fields.phoneVerified === true && typeof fields.phone === 'string';
  if (id === undefined && named.length === 0 && !verifiedPhone) {
    throw invalid(
      'The row needs an id, an identity or a verified phone: without one, repeating the import would make the person again.',
    );
  }
  const identities = await Promise.all(
    named.map(async (entry) => ({
      ...(await binding.name(entry)),
      connection: entry.connection,
    })),
  );
  const issuers = new Set(identities.map(({ issuer }) => issuer));
  if (issuers.size < identities.length)
    throw invalid('The row has two identities of one issuer: they are different people there.');
  return { line: line.number, id: id?.toLowerCase(), fields, identities };
}

/** What a row that cannot be written is answered with. */
export function failure(line: number, error: AppError): ImportResult {
  const { code, message: title, errors } = error;
  return { line, status: 'failed', code, title, ...(errors && { errors }) };
}

function parse(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('The line is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('The line is not a JSON object.');
  refuseOddities(value, deepestRow);
  return value;
}

/** A row, its identities, the fields of one. */
const deepestRow = 3;
// JSON may hold them, a text in Postgres cannot.
const unstorable = /[\0\p{Surrogate}]/u;

/** What is valid JSON and would yet end the whole import: characters that Postgres refuses, and nesting that exhausts the stack. */
function refuseOddities(value: unknown, levels: number): void {
  if (typeof value === 'string' && unstorable.test(value))
    throw invalid('The line holds a NUL character or half a surrogate pair.');
  if (typeof value !== 'object' || value === null) return;
  if (levels === 0) throw invalid('The line is nested too deeply.');
  for (const part of Object.values(value)) refuseOddities(part, levels - 1);
}

function invalid(title: string, errors?: readonly FieldFault[]): AppError {
  return new AppError('request_invalid', title, errors && { errors });
}

import { Injectable } from '@nestjs/common';

import { AuditService } from '../../audit/audit.service.js';
import type { Actor } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { IdentityBinding } from '../administration/identity-binding.js';
import { ImportBatch } from './import-batch.js';
import { failure, type ImportResult, type ImportRow, readRow } from './import-row.js';
import { type Line, linesOf } from './lines.js';

/** How many rows one transaction writes. */
const batchSize = 500;

/**
 * Brings existing people in, row by row of a stream: no more than one batch is in memory, and a row that is faulty fails alone.
 * Repeating an import changes nothing.
 */
@Injectable()
export class AccountImport {
  constructor(
    private readonly binding: IdentityBinding,
    private readonly batch: ImportBatch,
    private readonly audit: AuditService,
  ) {}

  /** @returns a result for each line that is not blank, in order, as batches are written */
  async *run(body: AsyncIterable<Buffer>, actor: Actor): AsyncGenerator<readonly ImportResult[]> {
    const counts = { created: 0, exists: 0, failed: 0 };
    let outcome: 'ok' | 'failed' = 'failed';
    try {
      for await (const lines of batches(linesOf(body))) {
        const results = await this.#write(lines);
        for (const { status } of results) counts[status] += 1;
        yield results;
      }
      outcome = 'ok';
    } finally {
      // Also where it broke off in the middle, or the caller went away: what was written is there.
      this.audit.record({ action: 'account.import', outcome, details: counts, ...actor });
    }
  }

  async #write(lines: readonly Line[]): Promise<readonly ImportResult[]> {
    const read = await Promise.all(lines.map((line) => this.#read(line)));
    const rows = read.filter((row): row is ImportRow => !('status' in row));
    const written = new Map(
      (rows.length > 0 ? await this.batch.write(rows) : []).map((result) => [result.line, result]),
    );
    return read.map((row) => ('status' in row ? row : (written.get(row.line) ?? lost(row.line))));
  }

  async #read(line: Line): Promise<ImportRow | ImportResult> {
    try {
      return await readRow(line, this.binding);
    } catch (error) {
      if (error instanceof AppError) return failure(line.number, error);
      throw error;
    }
  }
}

function lost(line: number): never {
  throw new Error(`line ${line} has no result`);
}

async function* batches(lines: AsyncGenerator<Line>): AsyncGenerator<readonly Line[]> {
  let batch: Line[] = [];
  for await (const line of lines) {
    if ('text' in line && line.text.trim() === '') continue;
    batch.push(line);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

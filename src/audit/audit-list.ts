import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { cursorShapes, type PageOf, pageOf, readCursor } from '../common/page-of.js';
import type { AuditEventView, AuditQuery } from './audit-events.dto.js';
import { AuditService } from './audit.service.js';

const conditions = {
  action: 'action = ?',
  outcome: 'outcome = ?',
  accountId: 'account_id = ?::uuid',
  connection: 'connection = ?',
  clientId: 'client_id = ?',
  actor: 'actor = ?',
  requestId: 'request_id = ?',
  from: 'at >= ?::timestamptz',
  to: 'at < ?::timestamptz',
} as const satisfies Partial<Record<keyof AuditQuery, string>>;

/** Lists audit events, the newest first: what is added meanwhile comes before the page. */
@Injectable()
export class AuditList {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditService,
  ) {}

  async page(query: AuditQuery): Promise<PageOf<AuditEventView>> {
    // Whoever asks right after an act shall find it.
    await this.audit.flush();
    const parameters: unknown[] = [];
    const wanted: string[] = [];
    for (const [name, sql] of Object.entries(conditions)) {
      const value = query[name as keyof typeof conditions];
      if (value === undefined) continue;
      wanted.push(sql.replace('?', `$${parameters.push(value)}`));
    }
    if (query.cursor !== undefined) {
      const [before] = readCursor(query.cursor, [cursorShapes.sequence]);
      wanted.push(`id < $${parameters.push(before)}::bigint`);
    }
    parameters.push(query.limit + 1);
    const rows = await this.dataSource.query<AuditEventView[]>(
      `select id::text as id, at, action, outcome, reason, actor, account_id as "accountId", connection, client_id as "clientId",
              ip, request_id as "requestId", details
         from audit_events ${wanted.length > 0 ? `where ${wanted.join(' and ')}` : ''}
        order by audit_events.id desc limit $${parameters.length}`,
      parameters,
    );
    return pageOf(
      rows,
      query.limit,
      (row) => row,
      ({ id }) => [id],
    );
  }
}

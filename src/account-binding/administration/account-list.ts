import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { cursorShapes, instantSql, type PageOf, pageOf, readCursor } from '../../common/page-of.js';
import { accountColumns } from '../account-fields.js';
import type { Account } from '../account.entity.js';
import { type AccountView, viewOf } from './account.view.js';
import type { AccountQuery } from './accounts.dto.js';

type Row = Account & { readonly at: string };

/** Lists accounts, the newest first: whatever is added meanwhile comes before the page, so none is shown twice or left out. */
@Injectable()
export class AccountList {
  constructor(private readonly dataSource: DataSource) {}

  async page(query: AccountQuery): Promise<PageOf<AccountView>> {
    const { conditions, parameters } = conditionsOf(query);
    if (query.cursor !== undefined) {
      const [at, id] = readCursor(query.cursor, [cursorShapes.instant, cursorShapes.uuid]);
      parameters.push(at, id);
      conditions.push(
        `(a.created_at, a.id) < ($${parameters.length - 1}::timestamptz, $${parameters.length}::uuid)`,
      );
    }
    parameters.push(query.limit + 1);
    const rows = await this.dataSource.query<Row[]>(
      `select ${accountColumns}, ${instantSql('a.created_at')} as at from accounts a
        ${conditions.length > 0 ? `where ${conditions.join(' and ')}` : ''}
        order by a.created_at desc, a.id desc limit $${parameters.length}`,
      parameters,
    );
    return pageOf(
      rows,
      query.limit,
      ({ at: _at, ...account }) => viewOf(account),
      ({ at, id }) => [at, id],
    );
  }
}

function conditionsOf(query: AccountQuery): { conditions: string[]; parameters: unknown[] } {
  const parameters: unknown[] = [];
  const use = (value: unknown): string => `$${parameters.push(value)}`;
  const conditions = [
    ...(query.phone === undefined ? [] : [`a.phone = ${use(query.phone)}`]),
    ...(query.email === undefined ? [] : [`lower(a.email) = lower(${use(query.email)})`]),
    ...(query.status === undefined ? [] : [`a.status = ${use(query.status)}`]),
    ...(query.q === undefined ? [] : [anywhere(use(`%${escapeLike(query.q)}%`))]),
    ...(query.issuer === undefined
      ? []
      : [
          `exists (select 1 from identities i where i.account_id = a.id and i.issuer = ${use(query.issuer)} and i.subject = ${use(query.subject)})`,
        ]),
  ];
  return { conditions, parameters };
}

function anywhere(pattern: string): string {
  return `(a.display_name ilike ${pattern} or a.email ilike ${pattern} or a.phone like ${pattern})`;
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

import { Injectable } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { DataSource } from 'typeorm';

import { notFound } from '../../common/identifiers.js';
import { type PageOf, type PageQuery, pageOfWhole } from '../../common/page-of.js';
import { ConnectionRegistry } from '../../connections/connection.registry.js';
import { issuerSql } from '../leavers/tombstones.js';

/** An identity as the API shows it. */
export class IdentityView {
  @ApiProperty({ format: 'uuid' })
  readonly id: string;

  @ApiProperty({ example: 'dingtalk:dingxxxx' })
  readonly issuer: string;

  @ApiProperty()
  readonly subject: string;

  @ApiProperty({ description: 'The slug of the connection that was used last.' })
  readonly connection: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Its platform; null when the connection is gone.',
  })
  readonly platform: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The id of the corp.' })
  readonly tenant: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The id inside the corp.' })
  readonly userId: string | null;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt: Date;

  @ApiProperty({ format: 'date-time' })
  readonly lastUsedAt: Date;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When its person left the corp; null for whoever is there. It opens nothing then.',
  })
  readonly leftAt: Date | null;
}

export class IdentityPage {
  @ApiProperty({ type: [IdentityView] })
  readonly items: readonly IdentityView[];

  @ApiProperty({ type: String, nullable: true })
  readonly nextCursor: string | null;
}

/** Reads identities for those who look at them: administrators, and the person. */
@Injectable()
export class IdentityViews {
  constructor(
    private readonly dataSource: DataSource,
    private readonly connections: ConnectionRegistry,
  ) {}

  /** All of them: an account has few. */
  async ofAccount(accountId: string): Promise<readonly IdentityView[]> {
    const rows = await this.dataSource.query<Omit<IdentityView, 'platform'>[]>(
      `select id, ${issuerSql} as issuer, subject, connection, tenant, user_id as "userId", created_at as "createdAt",
              last_used_at as "lastUsedAt", left_at as "leftAt"
         from identities where account_id = $1 order by created_at, id`,
      [accountId],
    );
    const open = await this.connections.list();
    const platformOf = (slug: string): string | null =>
      open.find((connection) => connection.slug === slug)?.platform ?? null;
    return rows.map((row) => ({ ...row, platform: platformOf(row.connection) }));
  }

  /** @throws AppError `request_invalid` for a cursor that is none */
  async page(accountId: string, query: PageQuery): Promise<PageOf<IdentityView>> {
    return pageOfWhole(await this.ofAccount(accountId), query, ({ createdAt, id }) => [
      createdAt.toISOString(),
      id,
    ]);
  }

  /** The same, of an account that has to be there. @throws AppError `account_not_found` */
  async pageOfExisting(accountId: string, query: PageQuery): Promise<PageOf<IdentityView>> {
    const [account] = await this.dataSource.query<unknown[]>(
      `select 1 from accounts where id = $1`,
      [accountId],
    );
    if (!account) throw notFound('account');
    return this.page(accountId, query);
  }

  /** @throws AppError `identity_not_found` */
  async one(accountId: string, identityId: string): Promise<IdentityView> {
    const items = await this.ofAccount(accountId);
    const found = items.find(({ id }) => id === identityId);
    if (!found) throw notFound('identity');
    return found;
  }
}

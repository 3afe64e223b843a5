import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';

import type { PlatformIdentity } from '../../auth/providers/provider.js';
import { AuditService } from '../../audit/audit.service.js';
import type { Actor } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import { notFound, uuidPattern } from '../../common/identifiers.js';
import { cursorShapes, instantSql, type PageOf, pageOf, readCursor } from '../../common/page-of.js';
import { ConnectionRegistry } from '../../connections/connection.registry.js';
import { recordAccountEvents } from '../account-events.js';
import { lockAccount } from '../administration/account-lock.js';
import { isUniqueViolation } from '../unique-violation.js';
import type {
  AccountRequestQuery,
  AccountRequestView,
  RequestState,
} from './account-requests.dto.js';

interface Waiting {
  readonly id: string;
  readonly connection: string;
  readonly identity: PlatformIdentity;
  readonly status: RequestState;
}

const columns = `r.id, r.status, r.issuer, r.subject, r.connection, r.identity->'profile'->>'displayName' as "displayName",
  r.identity->>'tenant' as tenant, r.account_id as "accountId", r.created_at as "createdAt", r.decided_at as "decidedAt",
  r.decided_by as "decidedBy"`;

/** People who asked for an account, and what administrators decide. */
@Injectable()
export class AccountRequests {
  constructor(
    private readonly dataSource: DataSource,
    private readonly connections: ConnectionRegistry,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** The newest first. */
  async page({ status, cursor, limit }: AccountRequestQuery): Promise<PageOf<AccountRequestView>> {
    const [at, id] =
      cursor === undefined
        ? [null, null]
        : readCursor(cursor, [cursorShapes.instant, cursorShapes.uuid]);
    const rows = await this.dataSource.query<(AccountRequestView & { at: string })[]>(
      `select ${columns}, ${instantSql('r.created_at')} as at from account_requests r
        where ($1::text is null or r.status = $1)
          and ($2::timestamptz is null or (r.created_at, r.id) < ($2, $3::uuid))
        order by r.created_at desc, r.id desc limit $4`,
      [status ?? null, at, id, limit + 1],
    );
    return pageOf(
      rows,
      limit,
      ({ at: _at, ...view }) => view,
      (row) => [row.at, row.id],
    );
  }

  /** @throws AppError `account_request_not_found` */
  async read(id: string): Promise<AccountRequestView> {
    if (!uuidPattern.test(id)) throw notFound('request');
    const [view] = await this.dataSource.query<AccountRequestView[]>(
      `select ${columns} from account_requests r where r.id = $1`,
      [id],
    );
    if (!view) throw notFound('request');
    return view;
  }

  /**
   * Binds the identity that waits to an account, or to a new one.
   * @throws AppError `account_request_not_found`, `already_decided`, `account_not_found`, `identity_already_bound`,
   * `binding_conflict`
   */
  async accept(
    id: string,
    accountId: string | undefined,
    actor: Actor,
  ): Promise<AccountRequestView> {
    const bound = await this.#decide(id, async (manager, { connection, identity }) => {
      const target = accountId ?? (await this.#newAccount(manager, connection, identity));
      if (accountId !== undefined) await this.#checkJoinable(manager, accountId, identity);
      await this.#bind(manager, target, connection, identity, accountId === undefined);
      await this.#close(manager, id, 'accepted', actor, target);
      return target;
    });
    this.audit.record({
      action: 'account_request.accept',
      outcome: 'ok',
      accountId: bound,
      ...actor,
    });
    return this.read(id);
  }

  /** @throws AppError `account_request_not_found`, `already_decided` */
  async reject(id: string, actor: Actor): Promise<AccountRequestView> {
    await this.#decide(id, (manager) => this.#close(manager, id, 'rejected', actor, null));
    this.audit.record({ action: 'account_request.reject', outcome: 'ok', ...actor });
    return this.read(id);
  }

  async #decide<T>(
    id: string,
    work: (manager: EntityManager, request: Waiting) => Promise<T>,
  ): Promise<T> {
    if (!uuidPattern.test(id)) throw notFound('request');
    try {
      return await this.dataSource.transaction(async (manager) => {
        const [request] = await manager.query<Waiting[]>(
          `select id, connection, identity, status from account_requests where id = $1 for update`,
          [id],
        );
        if (!request) throw notFound('request');
        if (request.status !== 'pending')
          throw new AppError('already_decided', `This request was ${request.status} already.`);
        return work(manager, request);
      });
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw new AppError(
        'identity_already_bound',
        'The identity was bound to an account in the meantime.',
      );
    }
  }

  async #newAccount(
    manager: EntityManager,
    slug: string,
    { profile }: PlatformIdentity,
  ): Promise<string> {
    const connection = await this.connections.find(slug);
    const [row] = await manager.query<{ id: string }[]>(
      // The platform's phone was not proven here: it is kept as what it is, a hint.
      `insert into accounts (display_name, phone, email, avatar_url, gender, roles, created_at, updated_at)
       values ($1, $2, $3, $4, $5, $6, $7, $7) returning id`,
      [
        profile.displayName ?? null,
        profile.phone?.number ?? null,
        profile.email ?? null,
        profile.avatarUrl ?? null,
        profile.gender ?? null,
        [...(connection?.defaultRoles ?? [])],
        this.clock.now(),
      ],
    );
    if (!row) throw new Error('an insert returned nothing');
    return row.id;
  }

  async #checkJoinable(
    manager: EntityManager,
    accountId: string,
    { issuer }: PlatformIdentity,
  ): Promise<void> {
    await lockAccount(manager, accountId);
    const others = await manager.query<unknown[]>(
      `select 1 from identities where account_id = $1 and issuer = $2`,
      [accountId, issuer],
    );
    if (others.length === 0) return;
    throw new AppError(
      'binding_conflict',
      `The account has another identity of ${issuer}: they are different people there.`,
    );
  }

  async #bind(
    manager: EntityManager,
    accountId: string,
    connection: string,
    { issuer, subject, tenant, userId }: PlatformIdentity,
    isNew: boolean,
  ): Promise<void> {
    const now = this.clock.now();
    await manager.query(
      `insert into identities (account_id, issuer, subject, connection, tenant, user_id, created_at, last_used_at)
       values ($1, $2, $3, $4, $5, $6, $7, $7)`,
      [accountId, issuer, subject, connection, tenant ?? null, userId ?? null, now],
    );
    const identity = { issuer, subject, connection, ...(tenant && { tenant }) };
    const data = { reason: 'administrator', identity };
    await recordAccountEvents(manager, now, [
      { type: isNew ? 'account.created' : 'account.bound', accountId, data },
    ]);
  }

  async #close(
    manager: EntityManager,
    id: string,
    status: RequestState,
    actor: Actor,
    accountId: string | null,
  ): Promise<void> {
    await manager.query(
      `update account_requests set status = $2, decided_at = $3, decided_by = $4, account_id = $5 where id = $1`,
      [id, status, this.clock.now(), actor.actor, accountId],
    );
  }
}

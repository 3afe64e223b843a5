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
import { lockAccount } from '../administration/account-lock.js';
import { alreadyBound, findPlace, takePlace } from '../administration/identity-place.js';
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
    // Read before the transaction, which must not wait for a second connection to Postgres while it holds one.
    const connections = await this.connections.list();
    const event = { action: 'account_request.accept', details: { request: id }, ...actor };
    try {
      const { target, connection } = await this.#decide(id, async (manager, request) => {
        const { connection, identity } = request;
        const roles = connections.find(({ slug }) => slug === connection)?.defaultRoles ?? [];
        const target = accountId ?? (await this.#newAccount(manager, roles, identity));
        if (accountId !== undefined) await requirePlace(manager, accountId, identity);
        await takePlace(manager, target, {
          connection,
          name: identity,
          at: this.clock.now(),
          isNewAccount: accountId === undefined,
        });
        await this.#close(manager, id, 'accepted', actor, target);
        return { target, connection };
      });
      this.audit.record({ ...event, outcome: 'ok', accountId: target, connection });
    } catch (error) {
      if (error instanceof AppError) {
        const reason = error.code;
        this.audit.record({
          ...event,
          outcome: 'refused',
          reason,
          ...(accountId && { accountId }),
        });
      }
      throw error;
    }
    return this.read(id);
  }

  /** @throws AppError `account_request_not_found`, `already_decided` */
  async reject(id: string, actor: Actor): Promise<AccountRequestView> {
    const connection = await this.#decide(id, async (manager, request) => {
      await this.#close(manager, id, 'rejected', actor, null);
      return request.connection;
    });
    this.audit.record({
      action: 'account_request.reject',
      outcome: 'ok',
      connection,
      details: { request: id },
      ...actor,
    });
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
      // Someone else bound it between our look and our write.
      if (isUniqueViolation(error)) throw alreadyBound();
      throw error;
    }
  }

  async #newAccount(
    manager: EntityManager,
    roles: readonly string[],
    { profile }: PlatformIdentity,
  ): Promise<string> {
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
        [...roles],
        this.clock.now(),
      ],
    );
    if (!row) throw new Error('an insert returned nothing');
    return row.id;
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

async function requirePlace(
  manager: EntityManager,
  accountId: string,
  identity: PlatformIdentity,
): Promise<void> {
  await lockAccount(manager, accountId);
  if ((await findPlace(manager, accountId, identity)) !== undefined) throw alreadyBound();
}

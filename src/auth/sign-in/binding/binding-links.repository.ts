import { randomBytes } from 'node:crypto';

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../../../common/clock.js';
import { Sweeper } from '../../../database/sweeper.js';
import type { PlatformIdentity } from '../../providers/provider.js';
import { hashOf } from '../sign-in-state.js';

const lifeSeconds = 600;
/** A SHA-256 in base64url. */
const idShape = /^[\w-]{43}$/;

/** A link that binds one more identity to one account. */
export interface BindingLink {
  /** What names it after it was opened: the hash of the ticket in the link. */
  readonly id: string;
  readonly accountId: string;
  /** The slug of the connection whose identity is to be bound. */
  readonly connection: string;
  /** Where the browser goes in the end: one of the calling client's own, byte for byte. */
  readonly returnTo: string;
  readonly clientId: string | undefined;
  /** Whom the platform has proven, once it has. */
  readonly proven: ProvenByLink | undefined;
}

export interface ProvenByLink {
  readonly identity: PlatformIdentity;
  readonly directoryRead: boolean;
}

interface Row {
  readonly id_hash: string;
  readonly account_id: string;
  readonly connection: string;
  readonly return_to: string;
  readonly client_id: string | null;
  readonly identity: ProvenByLink | null;
}

/** Binding links in Postgres: ten minutes, opened once, tied to the browser that opened it. Only the ticket's hash is stored. */
@Injectable()
export class BindingLinksRepository implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly sweeper: Sweeper,
  ) {}

  onModuleInit(): void {
    this.sweeper.add('expired binding links', async () => {
      await this.dataSource.query(`delete from binding_tickets where expires_at <= $1`, [
        this.clock.now(),
      ]);
    });
  }

  /** @returns the ticket that goes into the link */
  async create(link: Omit<BindingLink, 'id' | 'proven'>): Promise<string> {
    const ticket = randomBytes(32).toString('base64url');
    const now = this.clock.now();
    await this.dataSource.query(
      `insert into binding_tickets (id_hash, account_id, connection, return_to, client_id, created_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        hashOf(ticket),
        link.accountId,
        link.connection,
        link.returnTo,
        link.clientId ?? null,
        now,
        new Date(now.getTime() + lifeSeconds * 1000),
      ],
    );
    return ticket;
  }

  /** A link that has not been opened yet. */
  async findUnopened(ticket: string): Promise<BindingLink | undefined> {
    const [row] = await this.dataSource.query<Row[]>(
      `select * from binding_tickets where id_hash = $1 and opened_at is null and expires_at > $2`,
      [hashOf(ticket), this.clock.now()],
    );
    return row && toLink(row);
  }

  /** Opens a link: of two who try, one does. */
  async open(id: string, browser: string): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `update binding_tickets set opened_at = $3, browser_hash = $2
        where id_hash = $1 and opened_at is null and expires_at > $3`,
      [id, hashOf(browser), this.clock.now()],
    );
    return count === 1;
  }

  /**
   * A link that this browser has opened and that has not ended.
   * @param browser the secrets that the browser holds
   */
  async findOpened(id: string, browser: readonly string[]): Promise<BindingLink | undefined> {
    if (!idShape.test(id)) return undefined;
    const [row] = await this.dataSource.query<Row[]>(
      `select * from binding_tickets where id_hash = $1 and browser_hash = any($2) and ended_at is null and expires_at > $3`,
      [id, browser.map(hashOf), this.clock.now()],
    );
    return row && toLink(row);
  }

  async prove(id: string, proven: ProvenByLink): Promise<void> {
    await this.dataSource.query(
      `update binding_tickets set identity = $2 where id_hash = $1 and ended_at is null`,
      [id, proven],
    );
  }

  /** @returns whether this call was the one that ended it */
  async end(id: string): Promise<boolean> {
    const [, count] = await this.dataSource.query<[unknown[], number]>(
      `update binding_tickets set ended_at = $2 where id_hash = $1 and ended_at is null`,
      [id, this.clock.now()],
    );
    return count === 1;
  }
}

function toLink(row: Row): BindingLink {
  return {
    id: row.id_hash,
    accountId: row.account_id,
    connection: row.connection,
    returnTo: row.return_to,
    clientId: row.client_id ?? undefined,
    proven: row.identity ?? undefined,
  };
}

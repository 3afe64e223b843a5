import { randomBytes } from 'node:crypto';

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../../common/clock.js';
import { Sweeper } from '../../database/sweeper.js';
import { hashOf } from '../sign-in/sign-in-state.js';

const linkMs = 7 * 24 * 3600_000;
/** The way to the platform is good for twenty minutes (reference wecom-service-provider 4.1), and the code it gives for ten. */
const attemptSeconds = 1800;
/** 32 bytes in base64url. */
const ticketShape = /^[\w-]{43}$/;

/** A link by which a corp installs the app of one connection. */
export interface InstallLink {
  /** The hash of the ticket in the link. */
  readonly id: string;
  readonly connection: string;
  /** Where the browser goes in the end: one of the calling client's own, byte for byte. */
  readonly returnTo: string | undefined;
  readonly clientId: string;
}

/** One opening of a link whose browser came back. */
export interface InstallAttempt {
  readonly stateHash: string;
  readonly link: InstallLink;
}

export type InstallAdmission =
  /** The first callback of this state: go on. */
  | { readonly kind: 'first'; readonly attempt: InstallAttempt }
  /** The same browser once more. */
  | { readonly kind: 'again'; readonly attempt: InstallAttempt }
  | { readonly kind: 'refused' };

interface Row {
  readonly ticket_hash: string;
  readonly connection: string;
  readonly return_to: string | null;
  readonly client_id: string;
}

const linkColumns = 'l.ticket_hash, l.connection, l.return_to, l.client_id';

/** Install links, and the states of their openings: single use, bound to a browser. Only hashes are stored. */
@Injectable()
export class InstallLinksRepository implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly sweeper: Sweeper,
  ) {}

  onModuleInit(): void {
    this.sweeper.add('expired install links', async () => {
      const now = this.clock.now();
      await this.dataSource.query(`delete from install_attempts where expires_at <= $1`, [now]);
      // Whoever opened a link at its last moment still comes back.
      await this.dataSource.query(
        `delete from install_links l where expires_at <= $1
           and not exists (select from install_attempts a where a.ticket_hash = l.ticket_hash)`,
        [now],
      );
    });
  }

  async create(link: Omit<InstallLink, 'id'>): Promise<{ ticket: string; expiresAt: Date }> {
    const ticket = randomBytes(32).toString('base64url');
    const now = this.clock.now();
    const expiresAt = new Date(now.getTime() + linkMs);
    await this.dataSource.query(
      `insert into install_links (ticket_hash, connection, return_to, client_id, created_at, expires_at)
       values ($1, $2, $3, $4, $5, $6)`,
      [hashOf(ticket), link.connection, link.returnTo ?? null, link.clientId, now, expiresAt],
    );
    return { ticket, expiresAt };
  }

  /** A link that has not expired. */
  async find(ticket: string): Promise<InstallLink | undefined> {
    if (!ticketShape.test(ticket)) return undefined;
    const [row] = await this.dataSource.query<Row[]>(
      `select ${linkColumns} from install_links l where l.ticket_hash = $1 and l.expires_at > $2`,
      [hashOf(ticket), this.clock.now()],
    );
    return row && toLink(row);
  }

  /** Remembers that a browser was shown the way to the platform. */
  async begin(link: InstallLink, state: string, browser: string): Promise<void> {
    await this.dataSource.query(
      `insert into install_attempts (state_hash, ticket_hash, browser_hash, expires_at) values ($1, $2, $3, $4)`,
      [
        hashOf(state),
        link.id,
        hashOf(browser),
        new Date(this.clock.now().getTime() + attemptSeconds * 1000),
      ],
    );
  }

  /** Uses a state up, in one conditional UPDATE: of callbacks that race, one is the first. */
  async admit(callback: {
    readonly state: string;
    readonly connection: string;
    /** The secrets that the browser holds. */
    readonly browser: readonly string[];
  }): Promise<InstallAdmission> {
    const stateHash = hashOf(callback.state);
    const browser = callback.browser.map(hashOf);
    const keys = [stateHash, callback.connection, browser, this.clock.now()];
    const ours = `a.state_hash = $1 and l.connection = $2 and a.browser_hash = any($3) and a.expires_at > $4`;
    const [[first]] = await this.dataSource.query<[Row[], number]>(
      `update install_attempts a set used_at = $4 from install_links l
        where l.ticket_hash = a.ticket_hash and ${ours} and a.used_at is null returning ${linkColumns}`,
      keys,
    );
    if (first) return { kind: 'first', attempt: { stateHash, link: toLink(first) } };
    const [again] = await this.dataSource.query<Row[]>(
      `select ${linkColumns} from install_attempts a join install_links l using (ticket_hash)
        where ${ours} and a.used_at is not null`,
      keys,
    );
    return again
      ? { kind: 'again', attempt: { stateHash, link: toLink(again) } }
      : { kind: 'refused' };
  }
}

function toLink(row: Row): InstallLink {
  return {
    id: row.ticket_hash,
    connection: row.connection,
    returnTo: row.return_to ?? undefined,
    clientId: row.client_id,
  };
}

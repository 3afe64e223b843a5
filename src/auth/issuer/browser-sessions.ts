import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from '../../common/clock.js';
import { storedId } from './oidc-store.js';

/** A browser in which somebody is signed in here. */
export interface BrowserSession {
  readonly accountId: string;
  readonly signedInAt: Date;
  /** The slug of the connection that was used. */
  readonly connection: string | undefined;
  /** Whether it is the one that was asked about. */
  readonly current: boolean;
}

interface Row {
  readonly account_id: string;
  readonly login_ts: number;
  readonly connection: string | null;
  readonly current: boolean;
}

/** The engine's sessions, as self service sees them. Disabled accounts have none. */
@Injectable()
export class BrowserSessions {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** @param sessionId what the browser's session cookie holds */
  async find(sessionId: string | undefined): Promise<BrowserSession | undefined> {
    if (sessionId === undefined) return undefined;
    const rows = await this.dataSource.query<Row[]>(`${columns} and s.id = $1`, [
      storedId('Session', sessionId),
      this.clock.now(),
    ]);
    return rows[0] && toSession(rows[0]);
  }

  /** Every browser in which the person is signed in, the newest sign-in first. */
  async ofAccount(accountId: string, sessionId: string | undefined): Promise<BrowserSession[]> {
    const rows = await this.dataSource.query<Row[]>(
      `${columns} and s.account_id = $3 order by current desc, login_ts desc limit 50`,
      [storedId('Session', sessionId ?? ''), this.clock.now(), accountId],
    );
    return rows.map(toSession);
  }
}

const columns = `
  select s.account_id, (s.payload->>'loginTs')::float8 as login_ts, s.payload->'signIn'->>'connection' as connection,
         s.id = $1 as current
    from oidc_entries s join accounts a on a.id = s.account_id and a.status = 'active'
   where s.model = 'Session' and s.payload ? 'loginTs' and s.expires_at > $2`;

function toSession(row: Row): BrowserSession {
  return {
    accountId: row.account_id,
    signedInAt: new Date(row.login_ts * 1000),
    connection: row.connection ?? undefined,
    current: row.current,
  };
}

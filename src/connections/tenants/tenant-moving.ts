import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

import { Clock } from '../../common/clock.js';
import { Encryption } from '../../common/encryption.js';
import { sealContext } from './postgres-installations.js';

interface Row {
  readonly status: string;
  readonly permanent_code: string | null;
}

/** Moves what a connection knows of a corp to the corp's new id. */
@Injectable()
export class TenantMoving {
  constructor(
    private readonly encryption: Encryption,
    private readonly clock: Clock,
  ) {}

  async move(manager: EntityManager, connection: string, from: string, to: string): Promise<void> {
    const [row] = await manager.query<Row[]>(
      `select status, permanent_code from tenants where connection = $1 and corp_id = $2 for update`,
      [connection, from],
    );
    if (!row) return;
    // The corp may have installed the app again under its new id: that is what holds, except that we keep it suspended.
    const [, isThere] = await manager.query<[unknown[], number]>(
      `update tenants set status = case $3::text when 'suspended' then 'suspended' else status end,
              updated_at = $4, revision = revision + 1
        where connection = $1 and corp_id = $2`,
      [connection, to, row.status, this.clock.now()],
    );
    if (isThere > 0) {
      await manager.query(`delete from tenants where connection = $1 and corp_id = $2`, [
        connection,
        from,
      ]);
      return;
    }
    await manager.query(
      `update tenants set corp_id = $3, permanent_code = $4, updated_at = $5, revision = revision + 1
        where connection = $1 and corp_id = $2`,
      [
        connection,
        from,
        to,
        this.#resealed(row.permanent_code, connection, from, to),
        this.clock.now(),
      ],
    );
  }

  #resealed(sealed: string | null, connection: string, from: string, to: string): string | null {
    if (sealed === null) return null;
    const code = this.encryption.decrypt(sealed, sealContext(connection, from));
    return this.encryption.encrypt(code, sealContext(connection, to));
  }
}

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { eventually } from '../../../test/fixtures/eventually.js';
import { createTestDatabase, type TestDatabase } from '../../../test/fixtures/postgres.js';
import type { Clock } from '../../common/clock.js';
import { Encryption, UnreadableSecretError } from '../../common/encryption.js';
import { Secret } from '../../common/secret.js';
import { createDataSource } from '../../database/data-source.js';
import { PostgresInstallations } from './postgres-installations.js';

const encryption = new Encryption([Buffer.alloc(32, 7)]);
let now = new Date('2026-03-01T08:00:00Z');
const clock: Clock = { now: () => now };

let database: TestDatabase;
let dataSource: DataSource;
let installations: PostgresInstallations;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = createDataSource(new Secret(database.url), 20, () => undefined);
  await dataSource.initialize();
  installations = new PostgresInstallations('sp', dataSource, encryption, clock);
});
beforeEach(async () => {
  now = new Date('2026-03-01T08:00:00Z');
  await dataSource.query('delete from tenants');
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const corp = (code: string, corpId = 'wpCorpA') => ({ corpId, permanentCode: new Secret(code) });

async function stored(): Promise<Record<string, unknown> | undefined> {
  const [row] = await dataSource.query<Record<string, unknown>[]>(
    `select name, status, agent_id, installed_at, cancelled_at, permanent_code, revision from tenants
      where connection = 'sp' and corp_id = 'wpCorpA'`,
  );
  return row;
}

const suspend = () =>
  dataSource.query(`update tenants set status = 'suspended' where corp_id = 'wpCorpA'`);

const codeNow = async () => (await installations.find('wpCorpA'))?.permanentCode?.reveal();

describe('an installation', () => {
  it('is found with its code, which is sealed for this corp of this connection', async () => {
    await installations.save({ ...corp('code-1'), name: '示例', agentId: '1000017' });
    const found = await installations.find('wpCorpA');
    expect(found).toMatchObject({
      corpId: 'wpCorpA',
      name: '示例',
      agentId: '1000017',
      status: 'active',
    });
    expect(found?.permanentCode?.reveal()).toBe('code-1');
    expect(JSON.stringify(await stored())).not.toContain('code-1');

    await installations.save(corp('code-2', 'wpCorpB'));
    await dataSource.query(
      `update tenants set permanent_code = (select permanent_code from tenants where corp_id = 'wpCorpB') where corp_id = 'wpCorpA'`,
    );
    await expect(installations.find('wpCorpA')).rejects.toThrow(UnreadableSecretError);
  });

  it('is of its connection, and its id is compared byte for byte', async () => {
    await installations.save(corp('code-1'));
    expect(await installations.find('wpcorpA')).toBeUndefined();
    const elsewhere = new PostgresInstallations('other', dataSource, encryption, clock);
    expect(await elsewhere.find('wpCorpA')).toBeUndefined();
    expect(await elsewhere.list()).toEqual([]);
    expect(await elsewhere.cancel('wpCorpA')).toBe(false);
    expect(await codeNow()).toBe('code-1');
  });

  it('that is saved again gets the new code, and keeps what it is not told', async () => {
    await installations.save({ ...corp('code-1'), name: '示例', agentId: '1000017' });
    now = new Date('2026-03-02T08:00:00Z');
    await installations.save(corp('code-2'));
    expect(await codeNow()).toBe('code-2');
    expect(await stored()).toMatchObject({
      name: '示例',
      agent_id: '1000017',
      installed_at: new Date('2026-03-01T08:00:00Z'),
      revision: 2,
    });
  });

  it('is described without a change of its status', async () => {
    await installations.save(corp('code-1'));
    await installations.cancel('wpCorpA');
    await installations.describe('wpCorpA', { name: '新名', agentId: '1000099' });
    await installations.describe('wpCorpA', {});
    expect(await stored()).toMatchObject({
      name: '新名',
      agent_id: '1000099',
      status: 'cancelled',
    });
    await installations.describe('wpNobody', { name: 'x' });
    expect(await installations.list()).toHaveLength(1);
  });

  it('is one, also when twenty save it at once', async () => {
    const codes = Array.from({ length: 20 }, (_, index) => `code-${index}`);
    await Promise.all(codes.map((code) => installations.save(corp(code))));
    expect(await installations.list()).toHaveLength(1);
    expect(codes).toContain(await codeNow());
    expect(await stored()).toMatchObject({ revision: 20, status: 'active' });
  });
});

describe('a cancelled installation', () => {
  it('loses its code, once', async () => {
    await installations.save(corp('code-1'));
    now = new Date('2026-03-05T08:00:00Z');
    expect(await installations.cancel('wpCorpA')).toBe(true);
    now = new Date('2026-03-06T08:00:00Z');
    expect(await installations.cancel('wpCorpA')).toBe(false);
    expect(await stored()).toMatchObject({
      status: 'cancelled',
      permanent_code: null,
      cancelled_at: new Date('2026-03-05T08:00:00Z'),
    });
    expect(await installations.find('wpCorpA')).toEqual({ corpId: 'wpCorpA', status: 'cancelled' });
  });

  it('is active again once it is installed again, from then on', async () => {
    await installations.save(corp('code-1'));
    await installations.cancel('wpCorpA');
    now = new Date('2026-03-09T08:00:00Z');
    await installations.save(corp('code-2'));
    expect(await stored()).toMatchObject({
      status: 'active',
      cancelled_at: null,
      installed_at: new Date('2026-03-09T08:00:00Z'),
    });
  });

  it('is not made by the refusal of a code that is not its own any more', async () => {
    await installations.save(corp('code-1'));
    await installations.save(corp('code-2'));
    expect(await installations.cancel('wpCorpA', new Secret('code-1'))).toBe(false);
    expect(await codeNow()).toBe('code-2');
    expect(await installations.cancel('wpCorpA', new Secret('code-2'))).toBe(true);
    expect(await installations.cancel('wpCorpA', new Secret('code-2'))).toBe(false);
    expect(await installations.cancel('wpNobody')).toBe(false);
  });

  it('is not made by an event that is older than the authorization', async () => {
    await installations.save(corp('code-1'));
    now = new Date('2026-03-05T08:00:00Z');
    await installations.save(corp('code-2'));
    expect(await installations.cancel('wpCorpA', new Date('2026-03-05T07:59:59Z'))).toBe(false);
    expect(await codeNow()).toBe('code-2');
    expect(await installations.cancel('wpCorpA', new Date('2026-03-05T08:00:00Z'))).toBe(true);
  });

  it('is made by an event that came before the authorization it ends was traded', async () => {
    const grantedAt = new Date('2026-03-01T07:50:00Z');
    await installations.save({ ...corp('code-1'), grantedAt });
    expect(await installations.cancel('wpCorpA', new Date('2026-03-01T07:55:00Z'))).toBe(true);
  });

  it('is ended by one of twenty who say so', async () => {
    await installations.save(corp('code-1'));
    const said = await Promise.all(
      Array.from({ length: 20 }, () => installations.cancel('wpCorpA', new Secret('code-1'))),
    );
    expect(said.filter(Boolean)).toHaveLength(1);
  });

  it('is not made by a late refusal while a new installation is being written', async () => {
    await installations.save(corp('old'));
    let refusal: Promise<boolean> | undefined;
    await dataSource.transaction(async (manager) => {
      await manager.query(`update tenants set permanent_code = $1 where corp_id = 'wpCorpA'`, [
        encryption.encrypt('new', 'tenant:sp:wpCorpA'),
      ]);
      refusal = installations.cancel('wpCorpA', new Secret('old'));
      await untilSomebodyWaits();
    });
    expect(await refusal).toBe(false);
    expect(await codeNow()).toBe('new');
    expect(await stored()).toMatchObject({ status: 'active', cancelled_at: null });
  });
});

/** For the row that a transaction of this test holds. */
async function untilSomebodyWaits(): Promise<void> {
  await eventually(async () =>
    expect(
      await dataSource.query(
        `select 1 as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      ),
    ).toEqual([{ waiting: 1 }]),
  );
}

describe('a suspended installation', () => {
  it('stays suspended when the corp installs anew', async () => {
    await installations.save(corp('code-1'));
    await suspend();
    await installations.save(corp('code-2'));
    expect(await stored()).toMatchObject({ status: 'suspended', cancelled_at: null });
    expect(await codeNow()).toBe('code-2');
  });

  it('stays suspended when the corp cancels, and installs again after that', async () => {
    await installations.save(corp('code-1'));
    await suspend();
    expect(await installations.cancel('wpCorpA')).toBe(true);
    expect(await installations.cancel('wpCorpA')).toBe(false);
    expect(await stored()).toMatchObject({
      status: 'suspended',
      permanent_code: null,
      cancelled_at: new Date('2026-03-01T08:00:00Z'),
    });
    now = new Date('2026-03-09T08:00:00Z');
    await installations.save(corp('code-2'));
    expect(await stored()).toMatchObject({
      status: 'suspended',
      cancelled_at: null,
      installed_at: new Date('2026-03-09T08:00:00Z'),
    });
  });
});

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How long each signing key is kept after its turn, and which algorithms the replicas ask for. */
export class KeyRotation1763683200011 implements MigrationInterface {
  name = 'KeyRotation1763683200011';

  async up(runner: QueryRunner): Promise<void> {
    // The longest that any replica which signs with it has asked for; it only grows.
    await runner.query(
      `alter table signing_keys add column keep_seconds integer not null default 0`,
    );
    // By the clock of Postgres, which is one for all replicas.
    await runner.query(`
      create table signing_algs (
        alg text primary key,
        wanted_at timestamptz not null
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table signing_algs`);
    await runner.query(`alter table signing_keys drop column keep_seconds`);
  }
}

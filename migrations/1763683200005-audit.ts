import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who did what, when, from where, and what came of it. Rows are only ever added. */
export class Audit1763683200005 implements MigrationInterface {
  name = 'Audit1763683200005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table audit_events (
        id bigint generated always as identity primary key,
        at timestamptz not null,
        action text not null,
        outcome text not null check (outcome in ('ok', 'refused', 'failed')),
        reason text,
        account_id uuid,
        connection text,
        client_id text,
        ip text,
        request_id text,
        details jsonb
      )`);
    await runner.query(`create index audit_events_at on audit_events (at)`);
    await runner.query(
      `create index audit_events_account on audit_events (account_id, id) where account_id is not null`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table audit_events`);
  }
}

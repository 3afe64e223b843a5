import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What happens to accounts, as others are told of it: an outbox, who listens, and each delivery. */
export class Webhooks1763683200007 implements MigrationInterface {
  name = 'Webhooks1763683200007';

  async up(runner: QueryRunner): Promise<void> {
    // Written in the statement, or the transaction, that changes the account.
    await runner.query(`
      create table account_events (
        id uuid primary key default gen_random_uuid(),
        seq bigint generated always as identity unique,
        type text not null,
        account_id uuid not null,
        data jsonb not null,
        at timestamptz not null,
        dispatched_at timestamptz
      )`);
    await runner.query(
      `create index account_events_waiting on account_events (seq) where dispatched_at is null`,
    );
    await runner.query(`
      create table webhooks (
        id uuid primary key default gen_random_uuid(),
        url text not null,
        description text,
        events text[] not null,
        enabled boolean not null default true,
        secret text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null
      )`);
    await runner.query(`
      create table webhook_deliveries (
        id uuid primary key default gen_random_uuid(),
        seq bigint generated always as identity unique,
        webhook_id uuid not null references webhooks (id) on delete cascade,
        event_id uuid not null,
        account_id uuid,
        type text not null,
        body text not null,
        status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
        attempts integer not null default 0,
        next_attempt_at timestamptz,
        last_status integer,
        last_error text,
        created_at timestamptz not null,
        delivered_at timestamptz,
        unique (webhook_id, event_id)
      )`);
    await runner.query(
      `create index webhook_deliveries_due on webhook_deliveries (webhook_id, next_attempt_at, seq) where status = 'pending'`,
    );
    await runner.query(
      `create index webhook_deliveries_before on webhook_deliveries (webhook_id, account_id, seq) where status = 'pending'`,
    );
    await runner.query(
      `create index webhook_deliveries_list on webhook_deliveries (webhook_id, seq desc)`,
    );
    await runner.query(`create index webhook_deliveries_age on webhook_deliveries (created_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table webhook_deliveries`);
    await runner.query(`drop table webhooks`);
    await runner.query(`drop table account_events`);
  }
}

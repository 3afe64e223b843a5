import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a first sign-in may ask, phone codes and passwords, limits, binding links, and requests to an administrator. */
export class SelfService1763683200006 implements MigrationInterface {
  name = 'SelfService1763683200006';

  async up(runner: QueryRunner): Promise<void> {
    // Counts changes of what an administrator edits, not sign-ins: it is the entity tag.
    await runner.query(`alter table accounts add column revision integer not null default 1`);
    await runner.query(`create index accounts_created on accounts (created_at desc, id desc)`);
    await runner.query(`create index accounts_phone on accounts (phone) where phone is not null`);
    await runner.query(
      `create index accounts_email on accounts (lower(email)) where email is not null`,
    );
    await runner.query(`
      create table account_passwords (
        account_id uuid primary key references accounts (id) on delete cascade,
        hash text not null,
        must_change boolean not null,
        changed_at timestamptz not null
      )`);

    await runner.query(`
      create table rate_limits (
        key text primary key,
        count integer not null,
        blocked_until timestamptz,
        ends_at timestamptz not null
      )`);
    await runner.query(`create index rate_limits_end on rate_limits (ends_at)`);
    await runner.query(`
      create table phone_codes (
        subject text not null,
        purpose text not null,
        phone text not null,
        code_hash text not null,
        tries_left integer not null,
        expires_at timestamptz not null,
        primary key (subject, purpose)
      )`);
    await runner.query(`create index phone_codes_expiry on phone_codes (expires_at)`);

    await runner.query(`
      create table sign_in_steps (
        id text primary key,
        kind text not null check (kind in ('sign-up', 'local')),
        stage text not null,
        browser_hash text not null,
        interaction_uid text not null,
        state_hash text,
        connection text not null,
        identity jsonb,
        directory_read boolean not null default false,
        phone text,
        phone_proven boolean not null default false,
        account_id uuid references accounts (id) on delete cascade,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        ended_at timestamptz
      )`);
    await runner.query(`create index sign_in_steps_expiry on sign_in_steps (expires_at)`);

    await runner.query(`
      create table account_requests (
        id uuid primary key default gen_random_uuid(),
        issuer text not null,
        subject text not null,
        connection text not null,
        identity jsonb not null,
        status text not null default 'pending' check (status in ('pending', 'accepted', 'rejected')),
        account_id uuid references accounts (id) on delete set null,
        created_at timestamptz not null,
        decided_at timestamptz,
        decided_by text
      )`);
    await runner.query(
      `create unique index account_requests_pending on account_requests (issuer, subject) where status = 'pending'`,
    );
    await runner.query(
      `create index account_requests_created on account_requests (created_at desc, id desc)`,
    );

    await runner.query(`
      create table binding_tickets (
        id_hash text primary key,
        account_id uuid not null references accounts (id) on delete cascade,
        connection text not null,
        return_to text not null,
        client_id text,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        opened_at timestamptz,
        browser_hash text,
        identity jsonb,
        ended_at timestamptz
      )`);
    await runner.query(`create index binding_tickets_expiry on binding_tickets (expires_at)`);

    // An attempt may now also prove an account that exists, or bind one more identity to it.
    await runner.query(`alter table sign_in_attempts alter column interaction_uid drop not null`);
    await runner.query(`alter table sign_in_attempts add column step_id text`);
    await runner.query(`alter table sign_in_attempts add column ticket_hash text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`delete from sign_in_attempts where interaction_uid is null`);
    await runner.query(`alter table sign_in_attempts drop column ticket_hash`);
    await runner.query(`alter table sign_in_attempts drop column step_id`);
    await runner.query(`alter table sign_in_attempts alter column interaction_uid set not null`);
    for (const table of [
      'binding_tickets',
      'account_requests',
      'sign_in_steps',
      'phone_codes',
      'rate_limits',
      'account_passwords',
    ]) {
      await runner.query(`drop table ${table}`);
    }
    await runner.query(`drop index accounts_email`);
    await runner.query(`drop index accounts_phone`);
    await runner.query(`drop index accounts_created`);
    await runner.query(`alter table accounts drop column revision`);
  }
}

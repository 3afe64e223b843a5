import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Accounts, and the platform identities that belong to them. */
export class Accounts1763683200001 implements MigrationInterface {
  name = 'Accounts1763683200001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table accounts (
        id uuid primary key default gen_random_uuid(),
        display_name text,
        phone text,
        phone_verified boolean not null default false,
        email text,
        email_verified boolean not null default false,
        avatar_url text,
        gender text check (gender in ('male', 'female')),
        locale text,
        roles text[] not null default '{}',
        status text not null default 'active' check (status in ('active', 'disabled')),
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        last_sign_in_at timestamptz,
        check (phone is not null or not phone_verified),
        check (email is not null or not email_verified)
      )`);
    // A proven phone belongs to one account; an unproven one proves nothing and may stand twice.
    await runner.query(`
      create unique index accounts_verified_phone on accounts (phone) where phone_verified`);
    await runner.query(`
      create table identities (
        id uuid primary key default gen_random_uuid(),
        account_id uuid not null references accounts (id) on delete cascade,
        issuer text not null,
        subject text not null,
        connection text not null,
        tenant text,
        user_id text,
        created_at timestamptz not null default now(),
        last_used_at timestamptz not null default now(),
        directory_read_at timestamptz,
        constraint identities_issuer_subject unique (issuer, subject),
        constraint identities_account_issuer unique (account_id, issuer)
      )`);
    await runner.query(`create index identities_tenant_user on identities (tenant, user_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table identities`);
    await runner.query(`drop table accounts`);
  }
}

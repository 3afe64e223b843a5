import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Configured apps on platforms, and the applications that send their users here. */
export class Connections1763683200002 implements MigrationInterface {
  name = 'Connections1763683200002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table connections (
        id uuid primary key default gen_random_uuid(),
        slug text not null unique,
        platform text not null,
        enabled boolean not null default true,
        managed_by_file boolean not null default false,
        settings jsonb not null,
        secrets text not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
      )`);
    await runner.query(`
      create table clients (
        client_id text primary key,
        enabled boolean not null default true,
        managed_by_file boolean not null default false,
        settings jsonb not null,
        secrets text not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table clients`);
    await runner.query(`drop table connections`);
  }
}

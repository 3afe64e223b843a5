import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a service provider's app keeps of its suites and corps, install links, and the platforms' events on their way. */
export class ServiceProvider1763683200009 implements MigrationInterface {
  name = 'ServiceProvider1763683200009';

  async up(runner: QueryRunner): Promise<void> {
    // Tickets are pushed to one replica and used by all; sealed.
    await runner.query(`
      create table suite_tickets (
        suite_id text primary key,
        ticket text not null,
        pushed_at timestamptz not null,
        received_at timestamptz not null
      )`);
    // Ids are compared byte for byte: WeCom's encrypted ids differ in case alone. An event older than `granted_at` ends no authorization.
    await runner.query(`
      create table tenants (
        connection text not null,
        corp_id text collate "C" not null,
        name text,
        status text not null check (status in ('active', 'suspended', 'cancelled')),
        agent_id text,
        permanent_code text,
        granted_at timestamptz,
        installed_at timestamptz not null,
        cancelled_at timestamptz,
        updated_at timestamptz not null,
        revision integer not null default 1,
        primary key (connection, corp_id)
      )`);
    // A corp's ids change once. The plan is written down before WeCom is told, since it can't be made after that; sealed, it holds people's ids.
    await runner.query(`
      create table tenant_migrations (
        issuer text primary key,
        to_issuer text not null unique,
        corp_id text collate "C" not null,
        to_corp_id text collate "C" not null,
        plan text,
        attempts integer not null default 0,
        people integer,
        planned_at timestamptz not null,
        finished_at timestamptz,
        done_at timestamptz
      )`);
    // A link is good for seven days and many openings; each opening has a state of its own, used once.
    await runner.query(`
      create table install_links (
        ticket_hash text primary key,
        connection text not null,
        return_to text,
        client_id text,
        created_at timestamptz not null,
        expires_at timestamptz not null
      )`);
    await runner.query(`
      create table install_attempts (
        state_hash text primary key,
        ticket_hash text not null references install_links (ticket_hash) on delete cascade,
        browser_hash text not null,
        expires_at timestamptz not null,
        used_at timestamptz
      )`);
    // Content is sealed: it holds codes, tickets and people's data.
    await runner.query(`
      create table platform_events (
        seq bigint generated always as identity primary key,
        connection text not null,
        channel text not null,
        content_hash text not null,
        content text,
        type text not null,
        subject text not null,
        sent_at timestamptz not null,
        received_at timestamptz not null,
        status text not null default 'pending' check (status in ('pending', 'done', 'given-up')),
        attempts integer not null default 0,
        next_attempt_at timestamptz not null,
        last_error text,
        done_at timestamptz,
        unique (connection, channel, content_hash)
      )`);
    await runner.query(
      `create index platform_events_pending on platform_events (connection, subject, sent_at, seq) where status = 'pending'`,
    );
    await runner.query(`create index platform_events_received on platform_events (received_at)`);
    // A person who left: the identity stays as a tombstone.
    await runner.query(`alter table identities add column left_at timestamptz`);
    // In which corp a sign-in by a delegated app takes place.
    await runner.query(`alter table sign_in_attempts add column tenant text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table sign_in_attempts drop column tenant`);
    await runner.query(`alter table identities drop column left_at`);
    for (const table of [
      'platform_events',
      'install_attempts',
      'install_links',
      'tenant_migrations',
      'tenants',
      'suite_tickets',
    ])
      await runner.query(`drop table ${table}`);
  }
}

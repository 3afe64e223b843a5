import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the OpenID Connect engine stores, the signing keys, and the sign-ins that are under way. */
export class Issuer1763683200003 implements MigrationInterface {
  name = 'Issuer1763683200003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table oidc_entries (
        model text not null,
        id text not null,
        payload jsonb not null,
        grant_id text,
        uid text,
        account_id uuid,
        identity_id uuid,
        consumed_at timestamptz,
        expires_at timestamptz not null,
        primary key (model, id)
      )`);
    await runner.query(
      `create index oidc_entries_grant on oidc_entries (grant_id) where grant_id is not null`,
    );
    await runner.query(`create index oidc_entries_uid on oidc_entries (uid) where uid is not null`);
    await runner.query(
      `create index oidc_entries_account on oidc_entries (account_id) where account_id is not null`,
    );
    await runner.query(
      `create index oidc_entries_identity on oidc_entries (identity_id) where identity_id is not null`,
    );
    await runner.query(`create index oidc_entries_expiry on oidc_entries (expires_at)`);

    await runner.query(`
      create table signing_keys (
        kid text primary key,
        alg text not null,
        public_jwk jsonb not null,
        private_jwk text not null,
        created_at timestamptz not null,
        signs_from timestamptz not null
      )`);

    await runner.query(`
      create table sign_in_attempts (
        state_hash text primary key,
        browser_hash text not null,
        connection text not null,
        code_kind text not null,
        interaction_uid text not null,
        params jsonb not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        used_at timestamptz,
        code_hash text,
        outcome jsonb
      )`);
    await runner.query(`create index sign_in_attempts_expiry on sign_in_attempts (expires_at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table sign_in_attempts`);
    await runner.query(`drop table signing_keys`);
    await runner.query(`drop table oidc_entries`);
  }
}

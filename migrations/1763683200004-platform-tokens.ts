import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The shared side of the token cache: values are encrypted, keys hold nothing secret. */
export class PlatformTokens1763683200004 implements MigrationInterface {
  name = 'PlatformTokens1763683200004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table platform_tokens (
        key text primary key,
        value text not null,
        expires_at timestamptz,
        updated_at timestamptz not null default now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table platform_tokens`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The shared side of the token cache: values are encrypted, keys hold nothing secret. */
export class PlatformTokens1763683200004 implements MigrationInterface {
  name = 'PlatformTokens1763683200004';

  async up(runner: QueryRunner): Promise<void> {
    // Who fetches draws a number; a late answer with a lower one never overwrites a newer answer.
    await runner.query(`create sequence platform_token_turns`);
    await runner.query(`
      create table platform_tokens (
        key text primary key,
        value text not null,
        turn bigint not null,
        expires_at timestamptz not null
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table platform_tokens`);
    await runner.query(`drop sequence platform_token_turns`);
  }
}

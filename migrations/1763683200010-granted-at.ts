import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When a corp gave the authorization that it has: an event that is older does not end it. */
export class GrantedAt1763683200010 implements MigrationInterface {
  name = 'GrantedAt1763683200010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table tenants add column granted_at timestamptz`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table tenants drop column granted_at`);
  }
}

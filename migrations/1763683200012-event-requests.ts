import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The request that brought a platform's event, so that the log shows what became of it under the same id. */
export class EventRequests1763683200012 implements MigrationInterface {
  name = 'EventRequests1763683200012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table platform_events add column request_id text`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table platform_events drop column request_id`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who did it, beside whom it was done to; and rows that nobody changes. */
export class AuditTrail1763683200008 implements MigrationInterface {
  name = 'AuditTrail1763683200008';

  async up(runner: QueryRunner): Promise<void> {
    // `client:<id>` or `account:<id>`; null: the person whom the event is about, or nobody known.
    await runner.query(`alter table audit_events add column actor text`);
    // Only the retention sweep takes rows away, and it says so.
    await runner.query(`
      create function audit_events_stay() returns trigger language plpgsql as $$
      begin
        if tg_op = 'DELETE' and current_setting('lingpai.audit_retention', true) = 'on' then
          return old;
        end if;
        raise exception 'audit events are only ever added';
      end $$`);
    await runner.query(`
      create trigger audit_events_stay before update or delete on audit_events
        for each row execute function audit_events_stay()`);
    await runner.query(`
      create trigger audit_events_stay_whole before truncate on audit_events
        for each statement execute function audit_events_stay()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop trigger audit_events_stay_whole on audit_events`);
    await runner.query(`drop trigger audit_events_stay on audit_events`);
    await runner.query(`drop function audit_events_stay()`);
    await runner.query(`alter table audit_events drop column actor`);
  }
}

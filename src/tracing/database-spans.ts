import type { DataSource, QueryRunner } from 'typeorm';

import type { Tracer } from '../common/tracer.js';
import { currentWork } from '../common/work-context.js';

/**
 * Shows each statement in the trace of the work that needs it: what it does and to which table, never its words or its values. What no work
 * asked for, such as the looks into the queues, shows nowhere.
 */
export function traceStatements(dataSource: DataSource, tracer: Tracer): void {
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode): QueryRunner => {
    const runner = create(mode);
    const query = runner.query.bind(runner) as (...given: unknown[]) => Promise<unknown>;
    const traced = (...given: unknown[]): Promise<unknown> => {
      if (!currentWork()?.span) return query(...given);
      return tracer.span(spanOf(String(given[0])), () => query(...given));
    };
    return Object.assign(runner, { query: traced });
  };
}

function spanOf(statement: string) {
  const operation = (/^\s*(\w+)/.exec(statement)?.[1] ?? 'statement').toUpperCase();
  const table = /\b(?:from|into|update)\s+"?([a-z_]+)/i.exec(statement)?.[1];
  return {
    name: table === undefined ? operation : `${operation} ${table}`,
    kind: 'client' as const,
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': operation,
      ...(table !== undefined && { 'db.collection.name': table }),
    },
  };
}

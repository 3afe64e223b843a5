import { expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import type { RedisLink, RedisState } from '../redis/redis-link.js';
import { Lifecycle } from './lifecycle.js';
import { Readiness } from './readiness.js';

interface Asked {
  readonly readiness: Readiness;
  readonly lifecycle: Lifecycle;
  /** Each question to Postgres, to be answered or not. */
  readonly questions: { answer: () => void; refuse: () => void }[];
  /** How often Redis was looked for. */
  readonly looks: () => number;
}

function open(redis: RedisState = 'off', isInitialized = true): Asked {
  const questions: Asked['questions'] = [];
  const dataSource = {
    isInitialized,
    query: () =>
      new Promise<void>((answer, refuse) => {
        questions.push({ answer, refuse: () => refuse(new Error('away')) });
      }),
  };
  const lifecycle = new Lifecycle();
  let looks = 0;
  const link = {
    look: () => {
      looks += 1;
      return Promise.resolve(redis);
    },
  };
  return {
    readiness: new Readiness(
      lifecycle,
      dataSource as unknown as DataSource,
      link as unknown as RedisLink,
    ),
    lifecycle,
    questions,
    looks: () => looks,
  };
}

it('asks Postgres and Redis once for all who ask at the same time', async () => {
  const { readiness, lifecycle, questions, looks } = open();
  lifecycle.run();
  const reports = Array.from({ length: 50 }, () => readiness.report());
  expect(questions).toHaveLength(1);
  expect(looks()).toBe(1);
  questions[0]!.answer();
  expect(new Set((await Promise.all(reports)).map(({ status }) => status))).toEqual(
    new Set(['ok']),
  );
  void readiness.report();
  expect(questions).toHaveLength(2);
});

it('puts no further question while one hangs, and believes a late answer the next time', async () => {
  const { readiness, lifecycle, questions } = open();
  lifecycle.run();
  expect(await readiness.report()).toMatchObject({
    status: 'unavailable',
    database: 'unreachable',
  });
  expect(await readiness.report()).toMatchObject({
    reasons: [
      {
        code: 'database_unreachable',
        message: 'Postgres does not answer, or not within two seconds.',
      },
    ],
  });
  expect(questions).toHaveLength(1);
  questions[0]!.answer();
  await Promise.resolve();
  const next = readiness.report();
  await new Promise((resolve) => setTimeout(resolve, 10));
  questions.at(-1)!.answer();
  expect(await next).toMatchObject({ status: 'ok', reasons: [] });
});

it('says at once that Postgres refuses', async () => {
  const { readiness, lifecycle, questions } = open();
  lifecycle.run();
  const report = readiness.report();
  questions[0]!.refuse();
  expect(await report).toMatchObject({ status: 'unavailable', database: 'unreachable' });
});

it('is degraded without Redis where one is set, and ready all the same', async () => {
  const { readiness, lifecycle, questions } = open('unreachable');
  lifecycle.run();
  const report = readiness.report();
  questions[0]!.answer();
  expect(await report).toEqual({
    status: 'degraded',
    phase: 'running',
    database: 'ok',
    redis: 'unreachable',
    reasons: [
      {
        code: 'redis_unreachable',
        message: 'Redis does not answer: Postgres does its part, and everything works.',
      },
    ],
  });
});

it('tells a start that waits for Postgres from one that works', async () => {
  const codes = async (isInitialized: boolean): Promise<string[]> =>
    (await open('ok', isInitialized).readiness.report()).reasons.map(({ code }) => code);
  expect(await codes(false)).toEqual(['waiting_for_database']);
  expect(await codes(true)).toEqual(['starting']);
});

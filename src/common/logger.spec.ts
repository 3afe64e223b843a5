import { Writable } from 'node:stream';

import { describe, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';

import { AppError } from './app-error.js';
import { Logger } from './logger.js';
import { Secret } from './secret.js';
import { withinJob, withinWork } from './work-context.js';

function open(level = 'debug'): { logger: Logger; lines: () => Record<string, unknown>[] } {
  let text = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return {
    logger: new Logger(level, sink),
    lines: () =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

/** What is written of fields that the compiler would refuse. */
function written(fields: object): Record<string, unknown> {
  const { logger, lines } = open();
  logger.info(fields as Record<string, string>, 'a line');
  const { time, level, msg, ...rest } = lines()[0]!;
  expect([typeof time, level, msg]).toEqual(['string', 'info', 'a line']);
  return rest;
}

describe('a line of the log', () => {
  it('holds plain data as it is', () => {
    const at = new Date('2026-01-01T00:00:00Z');
    expect(written({ text: 'a', count: 2, yes: true, no: null, list: [1, 'b'], at })).toEqual({
      text: 'a',
      count: 2,
      yes: true,
      no: null,
      list: [1, 'b'],
      at: '2026-01-01T00:00:00.000Z',
    });
  });

  it('tells of anything else only what kind of thing it is', () => {
    class Login {
      readonly pin = '4711';
    }
    expect(
      written({
        login: new Login(),
        deep: { list: [new Map([['pin', '4711']])] },
        address: new URL('https://example.com/?pin=4711'),
        work: () => '4711',
        bytes: Buffer.from('4711'),
      }),
    ).toEqual({
      login: '[Login]',
      deep: { list: ['[Map]'] },
      address: '[URL]',
      work: '[function]',
      bytes: '[Buffer]',
    });
  });

  it('is written also of what knows not what it is', () => {
    const bare: object = Object.create(Object.create(null) as object) as object;
    const lying = new (class Lying {
      constructor() {
        Object.assign(this, { constructor: 'a secret' });
      }
    })();
    expect(written({ bare, lying })).toEqual({ bare: '[object]', lying: '[object]' });
  });

  it('shows no secret, whether it is wrapped or only called one', () => {
    const line = written({
      wrapped: new Secret('4711'),
      password: '4711',
      access_token: '4711',
      deep: { 'Set-Cookie': ['4711'], list: [{ suiteTicket: '4711' }] },
    });
    expect(line).toEqual({
      wrapped: '***',
      password: '***',
      access_token: '***',
      deep: { 'Set-Cookie': '***', list: [{ suiteTicket: '***' }] },
    });
  });

  it('is not made endless by what it is given', () => {
    const round: { self?: unknown } = {};
    round.self = round;
    const line = written({ round, text: 'x'.repeat(10_000), list: Array(500).fill(1) });
    expect(JSON.stringify(line['round'])).toContain('[…]');
    expect((line['text'] as string).length).toBe(4001);
    expect(line['list']).toHaveLength(100);
  });

  it('says to which request and span it belongs, or to which job', () => {
    const { logger, lines } = open();
    const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
    logger.info({}, 'nobody’s');
    withinWork({ requestId: 'request-1', span, caller: {} }, () => logger.info({ a: 1 }, 'one'));
    withinJob('event 7', () => logger.info({}, 'two'), 'request-1');
    expect(lines().map(({ time: _time, level: _level, ...rest }) => rest)).toEqual([
      { msg: 'nobody’s' },
      { requestId: 'request-1', ...span, a: 1, msg: 'one' },
      { requestId: 'request-1', job: 'event 7', msg: 'two' },
    ]);
  });
});

describe('an error in the log', () => {
  it('whose own words are none is told all the same', () => {
    const odd = Object.assign(new Error('x'), { name: 7, message: { a: 1 }, stack: 5 });
    const named = Object.assign(new Error('y'), { name: 'access_token=abc', stack: undefined });
    const cause = Object.assign(new Error('z'), { message: undefined });
    expect(written({ err: odd })).toEqual({ err: { name: 'Error', message: 'object' } });
    expect(written({ err: named })).toEqual({ err: { name: 'access_token=***', message: 'y' } });
    expect(written({ err: new Error('outer', { cause }) })).toMatchObject({
      err: { message: 'outer', cause: 'Error: undefined' },
    });
  });

  const told = (error: unknown): Record<string, unknown> =>
    written({ err: error })['err'] as Record<string, unknown>;

  it('of ours has its code and the operator’s hint', () => {
    const operator = { call: 'gettoken', platformCode: '60020', fix: 'Add the address.' };
    const cause = new Error('at https://qyapi.weixin.qq.com/cgi-bin/gettoken?corpsecret=4711');
    expect(told(new AppError('platform_misconfigured', 'No.', { operator, cause }))).toEqual({
      code: 'platform_misconfigured',
      message: 'No.',
      ...operator,
      cause: 'Error: at https://qyapi.weixin.qq.com/…',
    });
  });

  it('of Postgres has its code and constraint, and no statement, parameter or detail', () => {
    const driver = Object.assign(new Error('duplicate key violates "accounts_phone_key"'), {
      code: '23505',
      constraint: 'accounts_phone_key',
      detail: 'Key (phone)=(+8613800000001) already exists.',
    });
    const error = told(new QueryFailedError('insert into accounts', ['+8613800000001'], driver));
    expect(error).toMatchObject({
      name: 'QueryFailedError',
      code: '23505',
      constraint: 'accounts_phone_key',
      message: 'duplicate key violates "accounts_phone_key"',
    });
    expect(JSON.stringify(error)).not.toMatch(/1380000|insert into/);
    expect(Object.keys(error)).toEqual(['name', 'message', 'code', 'constraint', 'stack']);
  });

  it('does not quote what could not be read', () => {
    const data = Object.assign(new Error('invalid input syntax for type uuid: "4711"'), {
      code: '22P02',
    });
    expect(told(new QueryFailedError('select', [], data))['message']).toBe(
      'invalid input syntax for type uuid: "…"',
    );
    let broken: unknown;
    try {
      JSON.parse('pin-4711');
    } catch (error) {
      broken = error;
    }
    const error = told(broken);
    expect(error['name']).toBe('SyntaxError');
    expect(JSON.stringify(error)).not.toContain('4711');
  });

  it('says where it was thrown, not in the stack what it says already', () => {
    const { message, stack } = told(new Error('code=4711 was refused\n    at nowhere: 4712'));
    expect(message).toBe('code=*** was refused\n    at nowhere: 4712');
    expect(stack).toMatch(/^at .*logger\.spec\.ts/m);
    expect(stack).not.toContain('4711');
  });

  it('that is none is told by its words alone', () => {
    expect(told('phone 13800000001')).toEqual({ message: 'phone 138****0001' });
    expect(told({ pin: '4711' })).toEqual({ message: 'object' });
  });

  it('of several is told with each', () => {
    const errors = [new Error('connect ECONNREFUSED ::1:5432'), new Error('user@example.com')];
    expect(told(new AggregateError(errors))['errors']).toEqual([
      'Error: connect ECONNREFUSED ::1:5432',
      'Error: ***@example.com',
    ]);
  });
});

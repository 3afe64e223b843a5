import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import type { EventEffect } from '../platform-events.js';
import { refused } from '../wecom/testing/fake-wecom.js';
import { cast, delegated, openFake, type Opened } from './testing/open-fake.js';
import { command, post, xmlOf } from './testing/push.js';

const exchange = 'service/v2/get_permanent_code';
const issuer = 'wecom-sp:ww9f3c1a7be20d4651:wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE';
const granted = {
  permanent_code: 'PERM-new',
  auth_corp_info: { corpid: cast.corp, corp_name: '示例贸易' },
};

/** Read and handled, as by the two that do so one after the other. */
async function takes(
  { provider: { events } }: Opened,
  xml: string,
  suiteId = cast.suite,
): Promise<readonly EventEffect[] | undefined> {
  const read = await events?.read('main', post({ xml, receiveId: suiteId }));
  if (read?.kind !== 'event') throw new Error('not an event');
  return events?.handle(read.event);
}

async function takesData(
  { provider: { events } }: Opened,
  fields: Record<string, string>,
): Promise<readonly EventEffect[] | undefined> {
  const xml = xmlOf({ ToUserName: cast.corp, CreateTime: '1767225600', ...fields });
  const read = await events?.read('data', post({ xml, receiveId: cast.corp }));
  if (read?.kind !== 'event') throw new Error('not an event');
  return events?.handle(read.event);
}

describe('a ticket', () => {
  it('is kept for its suite, and ends what was remembered of the time without one', async () => {
    const fake = await openFake();
    fake.suiteTickets.kept.clear();

    expect(await takes(fake, command('suite_ticket', { SuiteTicket: 'TKT-2' }))).toEqual([]);
    const kept = fake.suiteTickets.kept.get('ww2b7d60e1f4c8a935');
    expect(kept?.value.reveal()).toBe('TKT-2');
    expect(kept?.pushedAt).toEqual(new Date('2026-01-01T00:00:00Z'));
    expect(fake.suiteTickets.kept.size).toBe(1);
    expect(fake.tokens.forgotten).toEqual(['wecom-suite-token ww2b7d60e1f4c8a935']);
    expect(fake.wecom.requests).toEqual([]);
  });

  it('of the login suite is kept for that', async () => {
    const fake = await openFake();
    fake.suiteTickets.kept.clear();
    const xml = command('suite_ticket', { SuiteTicket: 'TKT-L' }, cast.loginSuite);
    const push = post({ xml, receiveId: cast.loginSuite, token: 'loginToken' });
    const read = await fake.provider.events?.read('login-suite', push);
    if (read?.kind !== 'event') throw new Error('not an event');
    await fake.provider.events?.handle(read.event);

    expect([...fake.suiteTickets.kept.keys()]).toEqual(['ww71ac05de94b3f862']);
  });

  it('that is late does not replace a newer one', async () => {
    const fake = await openFake();
    const late = command('suite_ticket', { SuiteTicket: 'TKT-0', TimeStamp: '1767225000' });
    await takes(fake, late);

    expect(fake.suiteTickets.kept.get(cast.suite)?.value.reveal()).toBe('TKT-suite');
  });
});

describe('an authorization', () => {
  it.each(['create_auth', 'reset_permanent_code'])(
    'by %s becomes an installation',
    async (kind) => {
      const fake = await openFake(delegated);
      fake.wecom.addCode(exchange, cast.template, 'AC', granted);
      const xml = command(kind, { AuthCode: 'AC' }, cast.template);

      expect(await takes(fake, xml, cast.template)).toEqual([]);
      expect(fake.installations.kept.get(cast.corp)).toMatchObject({ status: 'active' });
      expect(fake.installations.kept.get(cast.corp)?.permanentCode?.reveal()).toBe('PERM-new');
    },
  );

  it('whose code was traded before a crash does no harm, and is not tried for ever', async () => {
    const fake = await openFake();
    fake.wecom.addCode(exchange, cast.suite, 'AC', granted);
    const xml = command('create_auth', { AuthCode: 'AC', State: 'order42' });
    await takes(fake, xml);
    fake.warnings.length = 0;

    expect(await takes(fake, xml)).toEqual([]);
    expect(fake.installations.kept.get(cast.corp)?.status).toBe('active');
    expect(fake.warnings).toHaveLength(1);
  });

  it('is tried again later where WeCom is away', async () => {
    const fake = await openFake();
    fake.wecom.force(exchange, refused(-1, 'system busy'));

    await expect(takes(fake, command('create_auth', { AuthCode: 'AC' }))).rejects.toMatchObject({
      code: 'platform_unavailable',
    });
  });

  it('that changed is read anew', async () => {
    const fake = await openFake();
    await fake.install();
    await fake.installations.describe(cast.corp, { name: '旧名', agentId: '1' });

    expect(await takes(fake, command('change_auth', { AuthCorpId: cast.corp }))).toEqual([]);
    expect(fake.installations.kept.get(cast.corp)).toMatchObject({
      name: '示例贸易',
      agentId: '1000017',
    });
  });

  it.each([40084, 48004])(
    'that turns out to be over (%d) ends for its people too',
    async (gone) => {
      const fake = await openFake();
      (await fake.install()).gone = gone;

      expect(await takes(fake, command('change_auth', { AuthCorpId: cast.corp }))).toEqual([
        { kind: 'tenant-left', issuer },
      ]);
      expect(fake.installations.kept.get(cast.corp)?.status).toBe('cancelled');
    },
  );

  it('that was found to be over before the event says so, or a crash came in between, ends for its people still', async () => {
    const fake = await openFake();
    (await fake.install()).gone = 40084;
    await fake.provider.check();
    expect(fake.installations.kept.get(cast.corp)?.status).toBe('cancelled');

    expect(await takes(fake, command('change_auth', { AuthCorpId: cast.corp }))).toEqual([
      { kind: 'tenant-left', issuer },
    ]);
  });

  it('of an unknown corp that changed asks nothing', async () => {
    const fake = await openFake();

    expect(await takes(fake, command('change_auth', { AuthCorpId: 'wpUnknown' }))).toEqual([]);
    expect(fake.wecom.requests).toEqual([]);
  });

  it('that was cancelled ends, at each of its deliveries alike', async () => {
    const fake = await openFake();
    await fake.install();
    const xml = command('cancel_auth', { AuthCorpId: cast.corp });

    for (const time of ['first', 'after a crash'])
      expect([time, await takes(fake, xml)]).toEqual([time, [{ kind: 'tenant-left', issuer }]]);
    expect(fake.installations.kept.get(cast.corp)).toEqual({
      corpId: cast.corp,
      name: '示例贸易',
      agentId: '1000017',
      status: 'cancelled',
    });
    expect(fake.wecom.requests).toEqual([]);
  });
});

describe('a cancellation that comes late', () => {
  const cancelledAt = (timeStamp: string) =>
    command('cancel_auth', { AuthCorpId: cast.corp, TimeStamp: timeStamp });
  // 1767225600 is the clock's instant.
  it.each([
    ['a minute before the corp installed anew', '1767225540', 'active'],
    ['within what two clocks differ', '1767225580', 'cancelled'],
    ['after the corp installed', '1767225660', 'cancelled'],
  ])('made %s', async (_when, timeStamp, status) => {
    const fake = await openFake();
    await fake.install();
    fake.installations.grantedAt.set(cast.corp, new Date('2026-01-01T00:00:00Z'));

    expect(await takes(fake, cancelledAt(timeStamp))).toEqual([{ kind: 'tenant-left', issuer }]);
    expect(fake.installations.kept.get(cast.corp)?.status).toBe(status);
  });

  it('is after the event that told of the installation, whenever that was worked out', async () => {
    const fake = await openFake();
    fake.wecom.addCode(exchange, cast.suite, 'AC', granted);
    await takes(fake, command('create_auth', { AuthCode: 'AC', TimeStamp: '1767225000' }));

    expect(fake.installations.grantedAt.get(cast.corp)).toEqual(new Date('2025-12-31T23:50:00Z'));
  });
});

describe('a change of a third-party app’s contacts', () => {
  const change = (fields: Record<string, string>) =>
    command('change_contact', { AuthCorpId: cast.corp, ...fields });

  it.each<[Record<string, string>, readonly EventEffect[]]>([
    [
      { ChangeType: 'delete_user', UserID: 'lin.q', OpenUserID: 'woLin' },
      [{ kind: 'person-left', issuer, userId: 'lin.q', subject: 'woLin' }],
    ],
    [
      { ChangeType: 'delete_user', UserID: 'Lin.Q' },
      [{ kind: 'person-left', issuer, userId: 'Lin.Q', subject: 'Lin.Q' }],
    ],
    [
      { ChangeType: 'update_user', UserID: 'lin', NewUserID: 'lin2', OpenUserID: 'woLin' },
      [{ kind: 'person-renamed', issuer, fromUserId: 'lin', toUserId: 'lin2' }],
    ],
    [
      { ChangeType: 'update_user', UserID: 'woA', NewUserID: 'woB', OpenUserID: 'woA' },
      [
        {
          kind: 'person-renamed',
          issuer,
          fromUserId: 'woA',
          toUserId: 'woB',
          fromSubject: 'woA',
          toSubject: 'woB',
        },
      ],
    ],
    [{ ChangeType: 'update_user', UserID: 'lin', NewUserID: 'lin' }, []],
    [{ ChangeType: 'update_user', UserID: 'lin', Position: 'Boss' }, []],
    [{ ChangeType: 'create_user', UserID: 'lin' }, []],
    [{ ChangeType: 'delete_party', Id: '2' }, []],
    [{ ChangeType: 'delete_user' }, []],
  ])('%j comes to %j', async (fields, effects) => {
    const fake = await openFake();

    expect(await takes(fake, change(fields))).toEqual(effects);
  });
});

describe('an event of a corp', () => {
  it.each<[Record<string, string>, readonly EventEffect[]]>([
    [
      { Event: 'change_contact', ChangeType: 'delete_user', UserID: 'woA' },
      [{ kind: 'person-left', issuer, userId: 'woA', subject: 'woA' }],
    ],
    [
      { Event: 'change_contact', ChangeType: 'update_user', UserID: 'woA', NewUserID: 'woB' },
      [
        {
          kind: 'person-renamed',
          issuer,
          fromUserId: 'woA',
          toUserId: 'woB',
          fromSubject: 'woA',
          toSubject: 'woB',
        },
      ],
    ],
    [
      { Event: 'change_contact', ChangeType: 'update_user', UserID: 'woA', Status: '2' },
      [{ kind: 'person-left', issuer, userId: 'woA', subject: 'woA' }],
    ],
    [
      { Event: 'unsubscribe', FromUserName: 'woA' },
      [{ kind: 'person-left', issuer, userId: 'woA', subject: 'woA' }],
    ],
    [{ Event: 'enter_agent', FromUserName: 'woA' }, []],
    [{ MsgType: 'text', Event: 'unsubscribe', FromUserName: 'woA' }, []],
  ])('%j comes to %j in a delegated app', async (fields, effects) => {
    const fake = await openFake(delegated);
    await fake.install();

    expect(await takesData(fake, { MsgType: 'event', ...fields })).toEqual(effects);
  });
});

it('the login suite has nothing to say but its tickets', async () => {
  const fake = await openFake();
  await fake.install();
  const xml = command('cancel_auth', { AuthCorpId: cast.corp }, cast.loginSuite);
  const push = post({ xml, receiveId: cast.loginSuite, token: 'loginToken' });
  const read = await fake.provider.events?.read('login-suite', push);
  if (read?.kind !== 'event') throw new Error('not an event');

  expect(await fake.provider.events?.handle(read.event)).toEqual([]);
  expect(fake.installations.kept.get(cast.corp)?.status).toBe('active');
});

it('an unknown kind is taken, and means nothing', async () => {
  const fake = await openFake();

  expect(await takes(fake, command('license_pay_success', { OrderId: '1' }))).toEqual([]);
});

import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { Secret } from '../../../common/secret.js';
import type { CallbackRequest, EventChannel } from '../platform-events.js';
import { cast, delegated, openFake, type Opened } from './testing/open-fake.js';
import { command, post, verification, xmlOf } from './testing/push.js';

type Changes = Parameters<typeof openFake>[0];

const customer = 'wpSimCAAAAq7Kx2mVd0RzYt4LbN9hWfE';
const ofCorp = (corpId: string) =>
  xmlOf({
    ToUserName: corpId,
    FromUserName: cast.member,
    CreateTime: '1767225600',
    MsgType: 'event',
    Event: 'enter_agent',
  });

async function reads(
  channel: EventChannel,
  request: CallbackRequest,
  changes: Changes = {},
): Promise<unknown> {
  const fake: Opened = await openFake(changes);
  await fake.install();
  const outcome = await fake.provider.events?.read(channel, request).then(
    (read) => (read.kind === 'event' ? read.event.type : read.answer.body),
    (error: unknown) => (error as { code: string }).code,
  );
  expect(fake.wecom.requests).toEqual([]);
  return outcome;
}

describe('a callback', () => {
  it('is taken at the URLs that there are keys for', async () => {
    const { provider } = await openFake();
    const { provider: older } = await openFake({ loginSuite: undefined });

    expect(provider.events?.channels).toEqual(['main', 'data', 'login-suite']);
    expect(older.events?.channels).toEqual(['main', 'data']);
    expect(await reads('contacts', verification(cast.provider))).toBe('callback_refused');
  });

  it.each<[string, EventChannel, CallbackRequest, Changes, string]>([
    ['a test of the command URL', 'main', verification(cast.provider), {}, '7130425512345678901'],
    ['one for the suite', 'main', verification(cast.suite), {}, 'callback_refused'],
    ['a test of the data URL', 'data', verification(cast.provider), {}, '7130425512345678901'],
    ['one for a customer', 'data', verification(customer), {}, 'callback_refused'],
    [
      'one for a customer of a delegated app',
      'data',
      verification(customer),
      delegated,
      '7130425512345678901',
    ],
    [
      'a test of the login suite’s URL',
      'login-suite',
      verification(cast.provider, 'loginToken'),
      {},
      '7130425512345678901',
    ],
    ['one with the app’s pair', 'login-suite', verification(cast.provider), {}, 'callback_refused'],
  ])('that is a test, %s', async (_, channel, request, changes, outcome) => {
    expect(await reads(channel, request, changes)).toBe(outcome);
  });

  it('that brings an event as a test does not tell what is in it', async () => {
    const { query, body } = post({ xml: ofCorp(customer), receiveId: customer });
    query.set('echostr', /<Encrypt><!\[CDATA\[(.+?)\]\]>/.exec(body)?.[1] ?? '');
    const test: CallbackRequest = { method: 'GET', query, body: '' };

    expect(await reads('data', test, delegated)).toBe('callback_refused');
  });

  const ticket = command('suite_ticket', { SuiteTicket: 'TKT-2' });
  const login = command('suite_ticket', { SuiteTicket: 'T' }, cast.loginSuite);
  const template = command('suite_ticket', { SuiteTicket: 'T' }, cast.template);

  it.each<[string, EventChannel, CallbackRequest, Changes, string]>([
    ['the suite', 'main', post({ xml: ticket, receiveId: cast.suite }), {}, 'suite_ticket'],
    [
      'the provider',
      'main',
      post({ xml: ticket, receiveId: cast.provider }),
      {},
      'callback_refused',
    ],
    ['nobody', 'main', post({ xml: ticket, receiveId: '' }), {}, 'callback_refused'],
    [
      'the suite in other letters',
      'main',
      post({ xml: ticket, receiveId: cast.suite.toUpperCase() }),
      {},
      'callback_refused',
    ],
    [
      'another suite inside',
      'main',
      post({ xml: login, receiveId: cast.suite }),
      {},
      'callback_refused',
    ],
    [
      'the template',
      'main',
      post({ xml: template, receiveId: cast.template }),
      delegated,
      'suite_ticket',
    ],
    [
      'the login suite',
      'login-suite',
      post({ xml: login, receiveId: cast.loginSuite, token: 'loginToken' }),
      {},
      'suite_ticket',
    ],
    [
      'the app, at the login suite’s URL',
      'login-suite',
      post({ xml: ticket, receiveId: cast.suite, token: 'loginToken' }),
      {},
      'callback_refused',
    ],
    [
      'a corp that installed it',
      'data',
      post({ xml: ofCorp(customer), receiveId: customer }),
      {},
      'enter_agent',
    ],
    [
      'the provider’s own corp',
      'data',
      post({ xml: ofCorp(cast.provider), receiveId: cast.provider }),
      {},
      'enter_agent',
    ],
    [
      'an unknown corp',
      'data',
      post({ xml: ofCorp('wpX'), receiveId: 'wpX' }),
      {},
      'callback_refused',
    ],
    [
      'another corp inside',
      'data',
      post({ xml: ofCorp('wpX'), receiveId: customer }),
      {},
      'callback_refused',
    ],
    [
      'the suite',
      'data',
      post({ xml: ofCorp(cast.suite), receiveId: cast.suite }),
      {},
      'callback_refused',
    ],
    [
      'a corp, with the pair of the delegated app',
      'data',
      post({ xml: ofCorp(customer), receiveId: customer, token: 'appToken' }),
      {
        ...delegated,
        appEventToken: new Secret('appToken'),
        appEventAesKey: new Secret(cast.aesKey),
      },
      'enter_agent',
    ],
  ])('made for %s, at %s', async (_, channel, request, changes, outcome) => {
    expect(await reads(channel, request, changes)).toBe(outcome);
  });

  it.each([
    [
      'a time more than a day off',
      command('suite_ticket', { SuiteTicket: 'T', TimeStamp: '1767312001' }),
    ],
    ['no time', command('suite_ticket', { SuiteTicket: 'T', TimeStamp: '' })],
    ['no kind', command('')],
    ['no ticket', command('suite_ticket')],
    ['no code', command('create_auth')],
    ['no corp', command('cancel_auth')],
    ['no XML', 'suite_ticket'],
    ['an entity', `<!DOCTYPE x [<!ENTITY a "b">]>${command('suite_ticket', { SuiteTicket: 'T' })}`],
  ])('with %s is refused', async (_, xml) => {
    expect(await reads('main', post({ xml, receiveId: cast.suite }))).toBe('callback_refused');
  });

  it('with a wrong signature is refused in the same words', async () => {
    const { events } = (await openFake()).provider;
    const good = { xml: command('cancel_auth', { AuthCorpId: customer }), receiveId: cast.suite };
    const refusals = [post({ ...good, token: 'other' }), post({ ...good, receiveId: 'wpX' })];

    for (const request of refusals)
      await expect(events?.read('main', request)).rejects.toMatchObject({
        code: 'callback_refused',
        message: 'This callback is refused.',
      });
  });
});

describe('an event', () => {
  const eventOf = async (channel: EventChannel, xml: string, receiveId: string) => {
    const fake = await openFake();
    await fake.install();
    return fake.provider.events?.read(channel, post({ xml, receiveId }));
  };

  it('is answered as its URL wants it, and kept whole', async () => {
    const xml = command('cancel_auth', { AuthCorpId: customer });

    expect(await eventOf('main', xml, cast.suite)).toEqual({
      kind: 'event',
      answer: { contentType: 'text/plain', body: 'success' },
      event: {
        channel: 'main',
        content: xml,
        type: 'cancel_auth',
        sentAt: new Date('2026-01-01T00:00:00Z'),
        subject: `${customer}/cancellation`,
      },
    });
    expect(await eventOf('data', ofCorp(customer), customer)).toMatchObject({
      answer: { contentType: 'text/plain', body: '' },
      event: { channel: 'data', type: 'enter_agent', subject: `${customer}/members` },
    });
  });

  it.each([
    [command('change_auth', { AuthCorpId: customer }), 'change_auth', customer],
    [
      command('change_contact', { AuthCorpId: customer, ChangeType: 'delete_user', UserID: 'a' }),
      'delete_user',
      `${customer}/members`,
    ],
    [
      command('suite_ticket', { SuiteTicket: 'TKT-2' }),
      'suite_ticket',
      'ww2b7d60e1f4c8a935/suite_ticket',
    ],
    [
      command('create_auth', { AuthCode: 'AC-1' }),
      'create_auth',
      expect.stringMatching(/^ww2b7d60e1f4c8a935\/[0-9a-f]{12}$/),
    ],
    [command('open_order', { OrderId: '1' }), 'open_order', 'ww2b7d60e1f4c8a935/open_order'],
  ])('%s is a %s, in the order of its subject', async (xml, type, subject) => {
    expect(await eventOf('main', xml, cast.suite)).toMatchObject({ event: { type, subject } });
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { CallbackReceiver, cdata } from '../testing/callback-receiver.js';
import {
  pineCorp,
  redwoodCorp,
  service,
  spLoginSuite,
  spProvider,
  spSuite,
  spTemplate,
} from '../testing/wecom-provider.js';
import type { WecomProviderControl } from './control.js';
import { seedWecomProviderWorld } from './seed.js';

const pairOf = (suiteId: string) =>
  seedWecomProviderWorld().provider.suites.find((suite) => suite.suiteId === suiteId)!.callback;

describe('callbacks', () => {
  let sandbox: Sandbox;
  let control: WecomProviderControl;
  let third: CallbackReceiver;
  let template: CallbackReceiver;

  beforeAll(async () => {
    sandbox = await startSandbox();
    control = sandbox.control.wecomProvider;
  });
  beforeEach(async () => {
    third = await new CallbackReceiver(pairOf(spSuite.suiteId)).start();
    template = await new CallbackReceiver(pairOf(spTemplate.suiteId)).start();
  });
  afterEach(async () => {
    await control.settled();
    control.forgetCallbacks();
    sandbox.control.reset();
    await Promise.all([third.stop(), template.stop()]);
  });
  afterAll(() => sandbox.stop());

  const register = (path = '/command') =>
    control.registerCallback({ suiteId: spSuite.suiteId, kind: 'command', url: third.url + path });

  describe('a URL', () => {
    it('is checked with the provider as receiver, and gets a ticket', async () => {
      const done = await register('/events/wecom-any?x=1');
      expect(done).toMatchObject({ event: 'verification', status: 200, outcome: 'ok' });
      const [check, ticket] = third.received;
      expect(check).toMatchObject({
        isSigned: true,
        receiveId: spProvider.corpId,
        path: '/events/wecom-any',
      });
      expect(check?.query['x']).toBe('1');
      expect(check?.message).toMatch(/^\d{19}$/);
      expect(cdata(ticket?.message ?? '', 'InfoType')).toBe('suite_ticket');
    });

    it.each([
      ['success', () => 'success'],
      ['a newline', (plain: string) => `${plain}\n`],
      ['quotes', (plain: string) => `"${plain}"`],
    ])('is not saved when it answers with %s', async (_, echo) => {
      third.echo = echo;
      await expect(register()).rejects.toThrow('40057');
      await control.pushTicket(spSuite.suiteId);
      expect(third.received).toHaveLength(1);
    });

    it('is not saved when nobody is there', async () => {
      await third.stop();
      await expect(register()).rejects.toThrow('unreachable');
      third = await new CallbackReceiver(pairOf(spSuite.suiteId)).start();
    });

    it('has plus signs percent-encoded', async () => {
      for (let round = 0; round < 10; round++) await register();
      const checks = third.received.filter(({ receiveId }) => receiveId === spProvider.corpId);
      expect(checks).toHaveLength(10);
      expect(checks.every(({ isSigned }) => isSigned)).toBe(true);
      expect(checks.some(({ query }) => query['echostr']?.includes('+'))).toBe(true);
    });
  });

  describe('a ticket', () => {
    it('comes with the suite as receiver and an empty agent, and is good for a token', async () => {
      await register();
      const { last } = third;
      expect(last).toMatchObject({
        isSigned: true,
        receiveId: spSuite.suiteId,
        toUserName: spSuite.suiteId,
        agentId: '',
      });
      const message = last?.message ?? '';
      expect(cdata(message, 'SuiteId')).toBe(spSuite.suiteId);
      expect(Number(cdata(message, 'TimeStamp'))).toBeGreaterThan(1_700_000_000);
      const token = await service(sandbox, 'get_suite_token', {
        suite_id: spSuite.suiteId,
        suite_secret: spSuite.secret,
        suite_ticket: cdata(message, 'SuiteTicket'),
      });
      expect(token).toHaveProperty('suite_access_token');
    });

    it('comes every ten minutes of sandbox time, one for a longer jump, none when switched off', async () => {
      await register();
      const count = async (): Promise<number> => {
        await control.settled();
        return third.received.length - 2;
      };
      sandbox.control.advance(300);
      expect(await count()).toBe(0);
      sandbox.control.advance(310);
      expect(await count()).toBe(1);
      sandbox.control.advance(500);
      expect(await count()).toBe(1);
      sandbox.control.advance(7200);
      expect(await count()).toBe(2);
      control.settings.ticketPushes = 'off';
      sandbox.control.advance(7200);
      expect(await count()).toBe(2);
    });

    it('goes to the app of web login by its own URL and pair', async () => {
      const login = await new CallbackReceiver(pairOf(spLoginSuite.suiteId)).start();
      const url = `${login.url}/login-suite`;
      await control.registerCallback({ suiteId: spLoginSuite.suiteId, kind: 'command', url });
      expect(login.last).toMatchObject({ isSigned: true, receiveId: spLoginSuite.suiteId });
      await login.stop();
    });
  });

  describe('an authorisation', () => {
    it('is created without naming the corp, changed and cancelled with it', async () => {
      await register();
      const installed = await control.install(pineCorp, spSuite.suiteId, { state: 'order42' });
      const created = third.last?.message ?? '';
      expect(cdata(created, 'InfoType')).toBe('create_auth');
      expect(cdata(created, 'AuthCode')).toBe(installed.authCode);
      expect(cdata(created, 'State')).toBe('order42');
      expect(created).not.toContain('AuthCorpId');
      expect(installed.answer).toMatchObject({ event: 'create_auth', outcome: 'ok', attempt: 1 });

      await control.change(pineCorp, spSuite.suiteId, { visible: ['lin.qiao'] });
      expect(cdata(third.last?.message ?? '', 'InfoType')).toBe('change_auth');
      expect(cdata(third.last?.message ?? '', 'AuthCorpId')).toBe(installed.corpId);
      await control.cancel(pineCorp, spSuite.suiteId);
      expect(cdata(third.last?.message ?? '', 'InfoType')).toBe('cancel_auth');
      expect(cdata(third.last?.message ?? '', 'AuthCorpId')).toBe(installed.corpId);
    });

    it('names a corp of plain ids plainly, in the cancellation too', async () => {
      await register();
      await control.install(redwoodCorp, spSuite.suiteId);
      await control.cancel(redwoodCorp, spSuite.suiteId);
      expect(cdata(third.last?.message ?? '', 'AuthCorpId')).toBe(redwoodCorp);
    });

    it('of a delegated app gets its new secret by a code', async () => {
      const url = `${template.url}/template`;
      await control.registerCallback({ suiteId: spTemplate.suiteId, kind: 'command', url });
      await control.install(pineCorp, spTemplate.suiteId);
      const reset = await control.resetPermanentCode(pineCorp, spTemplate.suiteId);
      const { last } = template;
      expect(last).toMatchObject({ isSigned: true, receiveId: spTemplate.suiteId });
      expect(cdata(last?.message ?? '', 'InfoType')).toBe('reset_permanent_code');
      expect(cdata(last?.message ?? '', 'AuthCode')).toBe(reset.authCode);
    });
  });

  describe('an answer', () => {
    it('other than success is noted, and not asked for again', async () => {
      await register();
      third.answer = () => ({ body: '<xml>success</xml>' });
      const [done] = await control.pushTicket(spSuite.suiteId);
      expect(done).toMatchObject({ outcome: 'wrong-answer', attempt: 1, status: 200 });
      expect(control.callbacks().at(-1)).toMatchObject({ body: '<xml>success</xml>' });
    });

    it('that does not come in time is asked for three times', async () => {
      await register();
      Object.assign(control.settings, { promptTimeoutMs: 60, retryDelayMs: 1 });
      third.answer = () => 'never';
      const { answer } = await control.install(pineCorp, spSuite.suiteId);
      expect(answer).toMatchObject({ outcome: 'timeout', attempt: 3, status: 0 });
      const tries = third.received.slice(2);
      expect(new Set(tries.map(({ message }) => message)).size).toBe(1);
      expect(new Set(tries.map(({ query }) => query['nonce'])).size).toBe(3);
    });

    it('of another status is asked for again where the tester wants that', async () => {
      await register();
      third.answer = () => ({ status: 503, body: '' });
      expect(await control.pushTicket(spSuite.suiteId)).toMatchObject([{ attempt: 1 }]);
      Object.assign(control.settings, { retryOn: 'non-200', retryDelayMs: 1 });
      expect(await control.pushTicket(spSuite.suiteId)).toMatchObject([
        { attempt: 3, outcome: 'wrong-status', status: 503 },
      ]);
    });

    it('is asked for twice by a duplicate: the same content in another cipher', async () => {
      await register();
      control.settings.duplicates = 1;
      await control.install(pineCorp, spSuite.suiteId);
      const [first, second] = third.received.slice(2);
      expect(first?.message).toBe(second?.message);
      expect(first?.query['msg_signature']).not.toBe(second?.query['msg_signature']);
      expect(third.received).toHaveLength(4);
    });
  });

  it('of the data URL go to the corp that is meant', async () => {
    const url = `${third.url}/data?corp=$CORPID$`;
    await control.registerCallback({ suiteId: spSuite.suiteId, kind: 'data', url });
    expect(third.last).toMatchObject({ receiveId: spProvider.corpId });
    const { corpId } = await control.install(pineCorp, spSuite.suiteId);
    third.answer = () => ({ body: '' });
    const done = await control.pushCorpEvent(pineCorp, spSuite.suiteId, { Event: 'enter_agent' });
    expect(done).toMatchObject({ outcome: 'ok', body: '' });
    expect(third.last).toMatchObject({ receiveId: corpId });
    expect(third.last?.query['corp']).toBe(corpId);
  });

  it('can be wrong in one thing each', async () => {
    await register();
    const badSignature = await control.badSignature(spSuite.suiteId);
    expect(badSignature).toMatchObject({ event: 'bad-signature', attempt: 1 });
    expect(third.last).toMatchObject({ isSigned: false, receiveId: spSuite.suiteId });
    expect(cdata(third.last?.message ?? '', 'SuiteTicket')).toBe('FORGED');
    await control.wrongReceiveId(spSuite.suiteId, pineCorp);
    expect(third.last).toMatchObject({ isSigned: true, receiveId: 'ww00000000000000ff' });
    expect(cdata(third.last?.message ?? '', 'InfoType')).toBe('cancel_auth');
    await control.pushBad('stale-timestamp', spSuite.suiteId);
    const age = Date.now() / 1000 - Number(third.last?.query['timestamp']);
    expect(Math.round(age / 86_400)).toBe(2);
    expect(cdata(third.last?.message ?? '', 'TimeStamp')).toBe(third.last?.query['timestamp']);
    for (const kind of ['truncated', 'bad-padding'] as const) {
      await control.pushBad(kind, spSuite.suiteId);
      expect(third.last).toMatchObject({ isSigned: true });
      expect(third.last?.receiveId).not.toBe(spSuite.suiteId);
    }
    await control.pushBad('oversize', spSuite.suiteId);
    expect(third.last?.message.length).toBeGreaterThan(3_000_000);
    await control.pushBad('entity-bomb', spSuite.suiteId);
    expect(third.last?.message).toContain('<!ENTITY');
    await control.pushBad('unknown-info-type', spSuite.suiteId);
    expect(cdata(third.last?.message ?? '', 'InfoType')).toBe('not_known_yet');
    await control.pushBad('other-suite', spSuite.suiteId);
    expect(third.last).toMatchObject({ isSigned: true, receiveId: spSuite.suiteId });
    expect(cdata(third.last?.message ?? '', 'SuiteId')).toBe('ww00000000000000ff');
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { CallbackReceiver, cdata } from '../testing/callback-receiver.js';
import { pineCorp, redwoodCorp, spSuite, spTemplate } from '../testing/wecom-provider.js';
import type { WecomProviderControl } from './control.js';
import { member, seedWecomProviderWorld } from './seed.js';

const pairOf = (suiteId: string) =>
  seedWecomProviderWorld().provider.suites.find((suite) => suite.suiteId === suiteId)!.callback;

describe('what apps are told of people', () => {
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

  describe('contacts', () => {
    it('of a third-party app come by the command URL, with ids as the provider sees them', async () => {
      await register();
      await control.install(pineCorp, spSuite.suiteId, { visible: ['chen.mo', 'new.one'] });
      const before = third.received.length;
      await control.createMember(pineCorp, member('new.one', '新人'));
      const created = third.last?.message ?? '';
      const open = control.openUserid(pineCorp, 'new.one');
      expect(cdata(created, 'InfoType')).toBe('change_contact');
      expect(cdata(created, 'ChangeType')).toBe('create_user');
      expect(cdata(created, 'UserID')).toBe(open);
      expect(cdata(created, 'AuthCorpId')).toBe(control.seenCorpId(pineCorp));
      expect(created).not.toContain('新人');

      await control.updateMember(pineCorp, 'new.one', { userid: 'renamed' });
      expect(cdata(third.last?.message ?? '', 'UserID')).toBe(open);
      expect(third.last?.message).not.toContain('NewUserID');
      expect(control.openUserid(pineCorp, 'renamed')).toBe(open);

      await control.deleteMember(pineCorp, 'renamed');
      expect(cdata(third.last?.message ?? '', 'ChangeType')).toBe('delete_user');
      expect(cdata(third.last?.message ?? '', 'UserID')).toBe(open);
      await control.deleteMember(pineCorp, 'lin.qiao');
      expect(third.received).toHaveLength(before + 3);
    });

    it('of plain ids tell a rename', async () => {
      await register();
      await control.install(redwoodCorp, spSuite.suiteId);
      await control.updateMember(redwoodCorp, 'zhou.ke', { userid: 'zhou.keke' });
      const message = third.last?.message ?? '';
      expect([cdata(message, 'UserID'), cdata(message, 'NewUserID')]).toEqual([
        'zhou.ke',
        'zhou.keke',
      ]);
    });

    it('of a delegated app come by its own URL as an event, with the corp as receiver', async () => {
      const url = `${template.url}/apps/$CORPID$`;
      await control.registerCallback({ suiteId: spTemplate.suiteId, kind: 'app', url });
      await control.install(pineCorp, spTemplate.suiteId);
      await control.deleteMember(pineCorp, 'chen.mo');
      const corpId = control.seenCorpId(pineCorp);
      const last = template.received.find(({ message }) => message.includes('change_contact'));
      expect(last).toMatchObject({
        isSigned: true,
        receiveId: corpId,
        toUserName: corpId,
        agentId: '1000017',
        path: `/apps/${corpId}`,
      });
      const read = (name: string): string => cdata(last?.message ?? '', name);
      expect(['FromUserName', 'MsgType', 'Event', 'ChangeType'].map(read)).toEqual([
        'sys',
        'event',
        'change_contact',
        'delete_user',
      ]);
    });

    it('of a delegated app with a pair of its own are encrypted by that', async () => {
      const pair = { token: 'ownToken', aesKey: 'SandboxOnlyDelegatedAppOwnPair0123456789abB' };
      const own = await new CallbackReceiver(pair).start();
      await control.install(pineCorp, spTemplate.suiteId);
      await control.registerCallback({
        suiteId: spTemplate.suiteId,
        kind: 'app',
        url: own.url,
        corpId: pineCorp,
        pair,
      });
      expect(own.last?.receiveId).toBe(control.seenCorpId(pineCorp));
      await control.deleteMember(pineCorp, 'chen.mo');
      const told = own.received.find(({ message }) => message.includes('delete_user'));
      expect(told).toMatchObject({ isSigned: true });
      await own.stop();
    });
  });

  describe('people who come and go', () => {
    const events = (): string[][] =>
      third.received
        .map(({ message }) => message)
        .filter((message) => /subscribe/.test(message))
        .map((message) => [cdata(message, 'Event'), cdata(message, 'FromUserName')]);
    const seen = (userid: string): string => control.seenUserid(pineCorp, userid);

    beforeEach(async () => {
      third.answer = () => ({ body: '' });
      await control.install(pineCorp, spSuite.suiteId, { visible: ['lin.qiao', 'chen.mo'] });
      const url = `${third.url}/data`;
      await control.registerCallback({ suiteId: spSuite.suiteId, kind: 'data', url });
    });

    it('are announced when they are disabled and enabled, and when they leave', async () => {
      const chen = seen('chen.mo');
      await control.updateMember(pineCorp, 'chen.mo', { status: 2 });
      await control.updateMember(pineCorp, 'chen.mo', { status: 1 });
      await control.updateMember(pineCorp, 'chen.mo', { department: [1] });
      await control.deleteMember(pineCorp, 'chen.mo');
      await control.deleteMember(pineCorp, 'gao.yuan');
      expect(events()).toEqual([
        ['unsubscribe', chen],
        ['subscribe', chen],
        ['unsubscribe', chen],
      ]);
    });

    it('are announced when the visible range changes', async () => {
      await control.change(pineCorp, spSuite.suiteId, { visible: ['chen.mo', 'gao.yuan'] });
      expect(events().sort()).toEqual([
        ['subscribe', seen('gao.yuan')],
        ['unsubscribe', seen('lin.qiao')],
      ]);
    });
  });
});

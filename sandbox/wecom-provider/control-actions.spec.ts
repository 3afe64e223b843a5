import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startSandbox, type Sandbox } from '../sandbox.js';
import { browse, json } from '../testing/browse.js';
import { CallbackReceiver, cdata } from '../testing/callback-receiver.js';
import { pineCorp, redwoodCorp, spSuite, spTemplate } from '../testing/wecom-provider.js';

describe('the control of a service provider over HTTP', () => {
  let sandbox: Sandbox;
  let receiver: CallbackReceiver;
  const { suiteId } = spSuite;

  beforeAll(async () => {
    sandbox = await startSandbox();
    const [suite] = sandbox.control.wecomProvider.world.provider.suites;
    receiver = await new CallbackReceiver(suite!.callback).start();
  });
  afterEach(() => sandbox.control.reset());
  afterAll(async () => {
    await sandbox.stop();
    await receiver.stop();
  });

  const post = async (path: string, body: object = {}) => {
    const answer = await json(`${sandbox.url}/control/wecom-provider/${path}`, body);
    return { status: answer.status, ...answer.body };
  };
  const last = (name: string): string => cdata(receiver.last?.message ?? '', name);

  it('registers a callback, pushes tickets, and tells how they were answered', async () => {
    const registered = await post('callbacks', { suiteId, kind: 'command', url: receiver.url });
    expect(registered).toMatchObject({ status: 200, outcome: 'ok' });
    expect(await post('tickets', { suiteId })).toMatchObject({ items: [{ outcome: 'ok' }] });
    expect(last('InfoType')).toBe('suite_ticket');
    const log = await json(`${sandbox.url}/control/wecom-provider/callbacks`);
    expect(log.body['items']).toMatchObject([
      { event: 'verification' },
      { event: 'suite_ticket', body: 'success', status: 200 },
      { event: 'suite_ticket' },
    ]);
    const again = await post('callbacks', { suiteId, kind: 'command', url: 'http://127.0.0.1:9/' });
    expect(again).toMatchObject({ status: 400, error: expect.stringContaining('40057') });
    expect(await post('bad-callbacks', { kind: 'bad-signature', suiteId })).toMatchObject({
      answer: { event: 'bad-signature' },
    });
    expect(receiver.last?.isSigned).toBe(false);
  });

  it('installs, changes, resets and cancels', async () => {
    const installed = await post('installations', { corpId: pineCorp, suiteId, state: 's1' });
    expect(installed).toMatchObject({ agentId: 1000017, answer: { outcome: 'ok' } });
    expect([last('InfoType'), last('State')]).toEqual(['create_auth', 's1']);
    const app = { corpId: pineCorp, suiteId };
    await post('installations/change', { ...app, visible: 'lin.qiao,chen.mo', status: 'disabled' });
    const { wecomProvider } = sandbox.control;
    expect(wecomProvider.world.installations).toMatchObject([
      { visible: ['lin.qiao', 'chen.mo'], status: 'disabled' },
    ]);
    expect(await post('installations/cancel', app)).toMatchObject({ answer: { outcome: 'ok' } });
    expect(last('InfoType')).toBe('cancel_auth');
    expect(await post('installations/cancel', app)).toMatchObject({ status: 400 });
    const delegated = { corpId: redwoodCorp, suiteId: spTemplate.suiteId };
    const first = await post('installations', delegated);
    const reset = await post('installations/reset-permanent-code', delegated);
    expect(reset).not.toMatchObject({ permanentCode: Object(first).permanentCode });
  });

  it('lets people come, change and leave', async () => {
    await post('installations', { corpId: redwoodCorp, suiteId });
    const who = { corpId: redwoodCorp, userid: 'new.one' };
    await post('members', { ...who, name: '新人' });
    expect(last('ChangeType')).toBe('create_user');
    await post('members/update', { ...who, newUserid: 'newer.one', status: '2' });
    expect([last('ChangeType'), last('NewUserID')]).toEqual(['update_user', 'newer.one']);
    await post('members/delete', { corpId: redwoodCorp, userid: 'newer.one' });
    expect(last('ChangeType')).toBe('delete_user');
    expect(await post('members/delete', who)).toMatchObject({ status: 400 });
  });

  it('adds corps, and changes a setting to what it may be', async () => {
    const added = await post('corps', { count: 3 });
    expect(added).toMatchObject({ items: [{}, {}, { corpId: 'ww0000000000000004' }] });
    const { settings } = sandbox.control.wecomProvider;
    await post('settings', { name: 'cancelledCode', value: 48004 });
    await post('settings', { name: 'duplicates', value: 2 });
    expect([settings.cancelledCode, settings.duplicates]).toEqual([48004, 2]);
    const wrong = { name: 'cancelledCode', value: 1 };
    expect(await post('settings', wrong)).toMatchObject({ status: 400 });
    expect(await post('settings', { name: 'nope', value: 1 })).toMatchObject({ status: 400 });
  });

  it('is on the page for people, whose forms come back to it', async () => {
    const form = new URLSearchParams({ corpId: pineCorp, suiteId });
    const answer = await json(`${sandbox.url}/control/wecom-provider/installations`, form);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/control']);
    const page = await browse(`${sandbox.url}/control`);
    expect(page.text).toContain(`<td>${pineCorp}</td>`);
    expect(page.text).toContain('<td>create_auth</td>');
  });

  it('has the rest of it', async () => {
    const { status } = await post('trusted-domains', { host: 'sp.example.com' });
    expect(status).toBe(200);
    expect(await post('console-codes', { corpId: pineCorp, userid: 'lin.qiao' })).toMatchObject({
      code: expect.stringMatching(/^[\w-]{43}$/),
    });
    const named = await post('console-codes', { corpId: pineCorp, userid: 'nobody' });
    expect(named).toMatchObject({ status: 400, error: `no member nobody in ${pineCorp}` });
    for (const [path, body] of [
      ['client-user', { corpId: pineCorp, id: 'chen.mo' }],
      ['invalidate-tokens', { kind: 'suite' }],
      ['invalidate-tokens', {}],
      ['forget-consents', {}],
    ] as const) {
      expect(await post(path, body)).toMatchObject({ status: 200 });
    }
    expect(await post('invalidate-tokens', { kind: 'nope' })).toMatchObject({ status: 400 });
    const world = await json(`${sandbox.url}/control/wecom-provider/world`);
    expect(world.body).toMatchObject({ installations: [] });
    const state = await json(`${sandbox.url}/control/state`);
    expect(state.body).toMatchObject({ settings: { wecomProvider: { cancelledCode: 40084 } } });
  });
});

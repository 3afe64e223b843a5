import { beforeEach, describe, expect, it } from '@jest/globals';

import { SandboxClock } from '../clock.js';
import { ExpiringStore } from '../expiring-store.js';
import { Variation } from '../variation.js';
import { signatureBy, verifyJsapi } from './jsapi-verification.js';
import { seedWecomWorld } from './seed.js';
import { WecomState } from './state.js';

const corpId = 'ww1a2b3c4d5e6f7a8b';

/** The official example of reference wecom 8. */
const official = {
  ticket: 'sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg',
  url: 'http://mp.weixin.qq.com?params=value',
  configured: {
    beta: true,
    appId: corpId,
    timestamp: 1414587457,
    nonceStr: 'Wm3WZYTPz0wzccnW',
    signature: '0f9de62fce790f9a083d5c99e95740ceb90c27ed',
    jsApiList: ['scanQRCode'],
  },
};

/** The reference's own example, for an app's ticket. */
const ofAgent = {
  ticket: 'agentTicketEXAMPLE0001',
  url: 'https://portal.example.com/app/home?tab=1',
  configured: {
    corpid: corpId,
    agentid: 1000017,
    timestamp: 1767225600,
    nonceStr: 'Kq8Zr2Lm',
    signature: '91e0fcfe7a57b946137577e09b95f61404c4b2a5',
    jsApiList: ['selectExternalContact'],
  },
};

describe('the WeCom client', () => {
  let state: WecomState;
  let clock: SandboxClock;
  let minted: string;

  beforeEach(() => {
    clock = new SandboxClock();
    state = new WecomState(seedWecomWorld(), clock, new Variation(1));
    Object.assign(state, { jsapiTickets: new ExpiringStore(clock, () => minted) });
    issue(official.ticket, corpId);
    issue(ofAgent.ticket, `${corpId}/1000017`);
    state.trustDomain({ corpId, agentId: 1000017 }, 'mp.weixin.qq.com');
    state.trustDomain({ corpId, agentId: 1000017 }, 'portal.example.com');
  });

  function issue(ticket: string, key: string): void {
    minted = ticket;
    state.jsapiTickets.put({ key }, 7200);
  }
  const config = (change: object = {}, url = official.url): number => {
    const configured = { ...official.configured, ...change };
    return verifyJsapi(state, 'config', { configured, url, hasConfig: false });
  };
  const agentConfig = (change: object = {}, url = ofAgent.url): number => {
    const configured = { ...ofAgent.configured, ...change };
    return verifyJsapi(state, 'agentConfig', { configured, url, hasConfig: false });
  };

  it('takes the worked examples, the values as numbers or text', () => {
    expect(config()).toBe(0);
    expect(config({ timestamp: '1414587457' })).toBe(0);
    expect(agentConfig()).toBe(0);
    expect(agentConfig({ agentid: '1000017', timestamp: '1767225600' })).toBe(0);
  });

  it.each([
    [{ appId: undefined }, 40063],
    [{ appId: 'ww0000000000000000' }, 40013],
    // The other company trusts no such domain.
    [{ appId: 'ww9f8e7d6c5b4a3921' }, 85005],
    [{ nonceStr: '' }, 40063],
    [{ nonceStr: 'wm3WZYTPz0wzccnW' }, 40093],
    [{ timestamp: 1414587458 }, 40093],
    [{ timestamp: 1414587457000 }, 40058],
    [{ jsApiList: undefined }, 40063],
    [{ jsApiList: [] }, 40063],
    [{ signature: '' }, 40093],
    [{ signature: '0F9DE62FCE790F9A083D5C99E95740CEB90C27ED' }, 40093],
  ])('refuses wx.config with %j: %i', (change, errcode) => {
    expect(config(change)).toBe(errcode);
  });

  it.each([
    [{ corpid: undefined, corpId }, 40063],
    [{ agentid: undefined }, 40056],
    [{ agentid: 1000099 }, 40056],
    [{ signature: '91e0fcfe7a57b946137577e09b95f61404c4b2a6' }, 40093],
  ])('refuses wx.agentConfig with %j: %i', (change, errcode) => {
    expect(agentConfig(change)).toBe(errcode);
  });

  it('tells a ticket of another kind or another app from a wrong signature', () => {
    const { timestamp, nonceStr, signature } = ofAgent.configured;
    expect(config({ timestamp, nonceStr, signature }, ofAgent.url)).toBe(42012);
    state.trustDomain({ corpId, agentId: 1000002 }, 'portal.example.com');
    expect(agentConfig({ agentid: 1000002 })).toBe(42012);
  });

  it('compares with good tickets only', () => {
    clock.advance(7199);
    expect(config()).toBe(0);
    clock.advance(2);
    expect(config()).toBe(40093);
    issue(official.ticket, corpId);
    expect(config()).toBe(0);
    state.reset();
    expect(config()).toBe(40093);
  });

  it('takes the address as it stands: query, port and all, on a trusted domain or below it', () => {
    expect(config({}, 'http://mp.weixin.qq.com/?params=value')).toBe(40093);
    expect(config({}, 'http://mp.weixin.qq.com?params=%76alue')).toBe(40093);
    expect(config({}, 'http://sub.mp.weixin.qq.com?params=value')).toBe(40093);
    expect(config({}, 'http://mp.weixin.qq.com:8080?params=value')).toBe(85005);
    expect(config({}, 'http://evilmp.weixin.qq.com?params=value')).toBe(85005);
    expect(config({}, 'http://mp.weixin.qq.com?params=value#/home')).toBe(85005);
    expect(config({}, '//mp.weixin.qq.com?params=value')).toBe(85005);
    expect(agentConfig({ agentid: 1000002 })).toBe(85005);
  });

  it('wants wx.config before wx.agentConfig until 3.0.24', () => {
    const { configured, url } = ofAgent;
    state.settings.clientVersion = '3.0.23';
    expect(agentConfig()).toBe(48002);
    expect(verifyJsapi(state, 'agentConfig', { configured, url, hasConfig: true })).toBe(0);
    state.settings.clientVersion = '3.0.24';
    expect(agentConfig()).toBe(0);
    state.settings.clientVersion = '10.0.0';
    expect(agentConfig()).toBe(0);
  });

  it('knows no app that is switched off', () => {
    state.world.corps[0]!.apps[0]!.disabled = true;
    expect(agentConfig()).toBe(50003);
  });

  it('signs four values in their order', () => {
    const { nonceStr, timestamp, signature } = official.configured;
    const signed = { nonceStr, timestamp: String(timestamp), url: official.url };
    expect(signatureBy(official.ticket, signed)).toBe(signature);
  });
});

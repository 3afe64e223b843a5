import { beforeEach, describe, expect, it } from '@jest/globals';

import { SandboxClock } from '../clock.js';
import { ExpiringStore } from '../expiring-store.js';
import { Variation } from '../variation.js';
import { digestOf, urlAsSigned, verifyJsapi } from './jsapi-verification.js';
import { seedDingtalkWorld } from './seed.js';
import { DingtalkState } from './state.js';

/** The third worked example of reference dingtalk 5.2. */
const ticket = 'exampleTicketAAAABBBBCCCC0001';
const url =
  'https://app.example.com/dt/index.html?corpid=dingexamplecorp01&next=%2Fa%20b#/home'.split(
    '#',
  )[0]!;
const sha256 = '4ec970e2ae0c20de5ed29e4733a4a43764f3b1674b65ab1b448bfdb000996f7b';
const sha1 = '42fbab2ea9bff81eaaa9f6ffae78dbd7a437b1fa';
const page = {
  agentId: '100000001',
  corpId: 'dingexamplecorp01',
  timeStamp: '1700000000',
  nonceStr: 'nonce001',
  signature: sha256,
  jsApiList: ['runtime.info', 'biz.contact.choose'],
};

describe('the DingTalk client', () => {
  let state: DingtalkState;
  let clock: SandboxClock;

  beforeEach(() => {
    clock = new SandboxClock();
    state = new DingtalkState(seedDingtalkWorld(), clock, new Variation(1));
    Object.assign(state, { tickets: new ExpiringStore(clock, () => ticket) });
  });

  const issueTo = (clientId: string): unknown => state.tickets.put({ clientId }, 7200);
  const config = (change: object = {}, at = url): number =>
    verifyJsapi(state, { configured: { ...page, ...change }, url: at });

  it('takes the worked example by SHA-256, and SHA-1 only when it is told to', () => {
    issueTo('dingexampleappkey1');
    expect(config()).toBe(0);
    expect(config({ signature: sha1 })).toBe(52013);
    state.settings.jsapiHash = 'either';
    expect([config(), config({ signature: sha1 })]).toEqual([0, 0]);
    state.settings.jsapiHash = 'sha1';
    expect([config(), config({ signature: sha1 })]).toEqual([52013, 0]);
    state.reset();
    issueTo('dingexampleappkey1');
    expect([config(), config({ signature: sha1 })]).toEqual([0, 52013]);
  });

  it.each([
    [{ corpId: undefined }, 52010],
    [{ corpId: 'dingnowhere' }, 52010],
    [{ agentId: undefined }, 52019],
    [{ agentId: 100000001 }, 52019],
    // Another org's app.
    [{ agentId: '100000002' }, 52019],
    [{ timeStamp: 1700000000 }, 52018],
    [{ timeStamp: undefined, timestamp: '1700000000' }, 52018],
    [{ nonceStr: '' }, 52015],
    [{ signature: undefined }, 52016],
    [{ signature: sha256.toUpperCase() }, 52016],
    [{ signature: sha256.replace('4', '5') }, 52013],
    [{ timeStamp: '1700000001' }, 52013],
    [{ jsApiList: undefined }, 52017],
    [{ jsApiList: [] }, 52017],
    [{ jsApiList: ['dd.runtime.info'] }, 52017],
    [{ type: 0 }, 0],
    [{ type: 2 }, 52022],
  ])('answers dd.config with %j: %i', (change, errcode) => {
    issueTo('dingexampleappkey1');
    expect(config(change)).toBe(errcode);
  });

  it('tells whose ticket it was', () => {
    expect(config()).toBe(52011);
    issueTo('dingexampleappkey3');
    expect(config()).toBe(52019);
    state.reset();
    issueTo('dingexampleappkey2');
    expect(config()).toBe(52011);
  });

  it('knows a ticket that ran out, and an app that is switched off', () => {
    issueTo('dingexampleappkey1');
    clock.advance(7201);
    expect(config()).toBe(52011);
    issueTo('dingexampleappkey1');
    expect(config()).toBe(0);
    state.world.corps[0]!.apps[0]!.disabled = true;
    expect(config()).toBe(52021);
  });

  it('wants an address that it can sign', () => {
    issueTo('dingexampleappkey1');
    expect(config({}, '')).toBe(52014);
    expect(config({}, '/dt/index.html')).toBe(52014);
    expect(config({}, `${url}&rate=100%`)).toBe(52014);
    expect(config({}, url.replace('%2F', '/').replace('%20', '+'))).toBe(0);
    expect(config({}, url.replace('%2F', '%252F'))).toBe(52013);
    expect(config({}, url.replace('.com/', '.com:443/'))).toBe(52013);
  });
});

describe('the address that is signed', () => {
  it.each([
    [url, 'https://app.example.com/dt/index.html?corpid=dingexamplecorp01&next=/a b'],
    [
      'https://abc.com?url=http%3A%2F%2Fabc.com%2Fsomewhere&a=1',
      'https://abc.com?url=http://abc.com/somewhere&a=1',
    ],
    ['http://h:80/a%20b?q=%E6%9E%97+%2B?#x?y', 'http://h:80/a%20b?q=林 +?'],
    ['http://h/?', 'http://h/?'],
    ['http://open.dingtalk.com', 'http://open.dingtalk.com'],
  ])('%s becomes %s', (href, signed) => {
    expect(urlAsSigned(href)).toBe(signed);
  });

  it.each(['', 'h/a', 'ftp://h/a', 'http:///a', 'http://h/?q=%zz', 'http://h/?q=%'])(
    '%j is none',
    (href) => {
      expect(urlAsSigned(href)).toBeUndefined();
    },
  );
});

describe('both digests', () => {
  const old = {
    jsapi_ticket:
      'mS5k98fdkdgDKxkXGEs8LORVREiweeWETE40P37wkidkfksDSKDJFD5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcKIDU8l',
    noncestr: 'Zn4zmLFKD0wzilzM',
    timestamp: '1414588745',
  };
  const own = { jsapi_ticket: ticket, noncestr: 'nonce001', timestamp: '1700000000' };

  it.each([
    [
      { ...old, url: 'http://open.dingtalk.com' },
      '10de2b0a6763ec3685a50272b5b0eb2848098dc2',
      '6d6e0580d57aac61e427c1e82e7545cca4eed5c59ae6bb468c6bf6f89753cdb2',
    ],
    [
      { ...old, url: '//open.dingtalk.com' },
      '653ecdeadf70a480b1aefa687c894a2d8ff9a8bb',
      '914767982a36d309fd531ccaf1a04e0681d474c505760a83e7b0a9fa630080bd',
    ],
    [
      {
        ...own,
        url: 'https://app.example.com/dt/index.html?corpid=dingexamplecorp01&next=/a b',
      },
      sha1,
      sha256,
    ],
  ])('of %j', (values, bySha1, bySha256) => {
    expect(digestOf('sha1', values)).toBe(bySha1);
    expect(digestOf('sha256', values)).toBe(bySha256);
  });
});

import { createContext, runInContext } from 'node:vm';

import { beforeEach, describe, expect, it, jest } from '@jest/globals';

import { assets, assetUrl } from './assets.js';

const source = assets.get(assetUrl('dingtalk-bridge.js'))!.body.toString();

interface Asked {
  clientId?: string;
  corpId: string;
  onSuccess: (result: unknown) => void;
  onFail: (error?: unknown) => void;
}

/** As much of DingTalk's browser as the script touches. */
function openBrowser(dd?: unknown) {
  const shown = { waiting: { hidden: false }, fallback: { hidden: true } };
  const attributes: Record<string, string> = {
    'data-client-id': 'ding-app',
    'data-corp-id': 'ding-corp',
    'data-callback-url': 'https://id.example.com/callback/dingtalk?state=abc',
  };
  const elements: Record<string, object> = {
    ...shown,
    'dingtalk-bridge': { getAttribute: (name: string) => attributes[name] },
  };
  const window: { dd: unknown; setTimeout: typeof setTimeout } = { dd, setTimeout };
  const replace = jest.fn<(url: string) => void>();
  const run = (): void => {
    const context = {
      window,
      location: { replace },
      document: { getElementById: (id: string) => elements[id] },
    };
    runInContext(source, createContext(context));
  };
  return { window, shown, replace, run, attributes };
}

const callback = 'https://id.example.com/callback/dingtalk?state=abc&code=';

describe('the DingTalk bridge', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  it("asks with today's call and takes the code to the callback, encoded", () => {
    const requestAuthCode = jest.fn<(asked: Asked) => void>();
    const browser = openBrowser({ requestAuthCode });
    browser.run();

    const asked = requestAuthCode.mock.calls[0]![0];
    expect(asked).toMatchObject({ clientId: 'ding-app', corpId: 'ding-corp' });
    asked.onSuccess({ code: 'a+b&c' });

    expect(browser.replace.mock.calls).toEqual([[`${callback}a%2Bb%26c`]]);
    jest.advanceTimersByTime(10_000);
    expect(browser.shown.fallback.hidden).toBe(true);
  });

  it('asks the older way where there is only that', () => {
    const requestAuthCode = jest.fn((asked: Asked) => asked.onSuccess({ authCode: 'old' }));
    const browser = openBrowser({ runtime: { permission: { requestAuthCode } } });
    browser.run();

    expect(requestAuthCode.mock.calls[0]![0].corpId).toBe('ding-corp');
    expect(browser.replace.mock.calls).toEqual([[`${callback}old`]]);
  });

  it('asks the older way when an old client refuses the new call, once for a refusal told twice', async () => {
    const older = jest.fn((asked: Asked) => asked.onSuccess({ code: 'old' }));
    const browser = openBrowser({
      requestAuthCode: (asked: Asked) => {
        asked.onFail({ errorCode: 1 });
        return Promise.reject(new Error('not supported'));
      },
      runtime: { permission: { requestAuthCode: older } },
    });
    browser.run();
    await jest.advanceTimersByTimeAsync(0);

    expect(older).toHaveBeenCalledTimes(1);
    expect(browser.replace.mock.calls).toEqual([[`${callback}old`]]);
  });

  it('waits for a library that comes late', () => {
    const browser = openBrowser();
    browser.run();
    jest.advanceTimersByTime(2000);
    browser.window.dd = { requestAuthCode: (asked: Asked) => asked.onSuccess({ code: 'late' }) };
    jest.advanceTimersByTime(100);

    expect(browser.replace.mock.calls).toEqual([[`${callback}late`]]);
  });

  it.each([
    ['a refusal', (asked: Asked) => asked.onFail({ errorCode: 3 })],
    ['an answer without a code', (asked: Asked) => asked.onSuccess({})],
    [
      'a library that throws',
      () => {
        throw new Error('no bridge');
      },
    ],
  ])('shows the web way at once after %s', (_what, requestAuthCode) => {
    const browser = openBrowser({ requestAuthCode });
    browser.run();

    expect(browser.shown).toEqual({ waiting: { hidden: true }, fallback: { hidden: false } });
    expect(browser.replace).not.toHaveBeenCalled();
  });

  it('shows the web way after six seconds of silence, and stops looking', () => {
    const browser = openBrowser();
    browser.run();
    jest.advanceTimersByTime(5900);
    expect(browser.shown.fallback.hidden).toBe(true);
    jest.advanceTimersByTime(200);

    expect(browser.shown.fallback.hidden).toBe(false);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('still goes on with a code that comes after that', () => {
    let asked: Asked | undefined;
    const browser = openBrowser({ requestAuthCode: (given: Asked) => (asked = given) });
    browser.run();
    jest.advanceTimersByTime(7000);
    asked?.onSuccess({ code: 'slow' });

    expect(browser.replace.mock.calls).toEqual([[`${callback}slow`]]);
  });

  it('opens the query where the callback has none', () => {
    const browser = openBrowser({
      requestAuthCode: (asked: Asked) => asked.onSuccess({ code: 'c' }),
    });
    browser.attributes['data-callback-url'] = '/callback/dingtalk';
    browser.run();

    expect(browser.replace.mock.calls).toEqual([['/callback/dingtalk?code=c']]);
  });
});

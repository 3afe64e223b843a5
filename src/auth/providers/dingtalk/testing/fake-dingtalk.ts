import {
  HttpClient,
  type OutboundReply,
  type OutboundRequest,
} from '../../../../common/http-client.js';
import { SystemClock } from '../../../../common/clock.js';
import { Secret } from '../../../../common/secret.js';
import {
  type PlatformTokens,
  PlatformTokenRejected,
  type TokenSource,
} from '../../platform-tokens.js';
import type { Provider, ProviderTools } from '../../provider.js';
import { openDingtalk } from '../dingtalk.provider.js';
import { DingtalkSettings } from '../dingtalk.settings.js';
import { MemoryInstallations, MemorySuiteTickets } from '../../testing/memory-installations.js';

type Answer = OutboundReply | ((request: OutboundRequest) => OutboundReply);

/** Answers by call name as the test says, and remembers what was asked. A call without an answer fails the test. */
export class FakeDingtalk extends HttpClient {
  readonly requests: OutboundRequest[] = [];
  readonly #answers = new Map<string, Answer>();

  answer(call: string, answer: Answer): this {
    this.#answers.set(call, answer);
    return this;
  }

  override requestJson(request: OutboundRequest): Promise<OutboundReply> {
    this.requests.push(request);
    const answer = this.#answers.get(request.call);
    if (!answer) return Promise.reject(new Error(`unexpected call ${request.call}`));
    return Promise.resolve(typeof answer === 'function' ? answer(request) : answer);
  }

  /** The requests of one call. */
  sent(call: string): OutboundRequest[] {
    return this.requests.filter((request) => request.call === call);
  }
}

/** The token cache's promises, in a few lines of memory. */
export class MemoryTokens implements PlatformTokens {
  readonly kept = new Map<string, string>();

  async get(source: TokenSource): Promise<string> {
    const key = `${source.kind} ${source.credential}`;
    const value = this.kept.get(key) ?? (await source.fetch()).value;
    this.kept.set(key, value);
    return value;
  }

  async use<T>(source: TokenSource, call: (token: string) => Promise<T>): Promise<T> {
    try {
      return await call(await this.get(source));
    } catch (error) {
      if (!(error instanceof PlatformTokenRejected)) throw error;
    }
    this.kept.delete(`${source.kind} ${source.credential}`);
    try {
      return await call(await this.get(source));
    } catch (error) {
      throw error instanceof PlatformTokenRejected ? error.cause : error;
    }
  }

  forgetRefusal(): Promise<void> {
    return Promise.resolve();
  }
}

export const ok = (body: unknown): OutboundReply => ({ status: 200, body });

export function settingsOf(changes: Partial<DingtalkSettings> = {}): DingtalkSettings {
  return Object.assign(new DingtalkSettings(), {
    clientId: 'dingexampleappkey1',
    clientSecret: new Secret('exampleSecret01'),
    corpId: 'dingexamplecorp01',
    ...changes,
  });
}

/** A provider on a DingTalk that answers as the samples of the reference do, until the test says otherwise. */
export function openFake(changes: Partial<DingtalkSettings> = {}): {
  provider: Provider;
  dingtalk: FakeDingtalk;
  tokens: MemoryTokens;
  warnings: { message: string; details: unknown }[];
} {
  const dingtalk = new FakeDingtalk()
    .answer('oauth2/accessToken', ok({ expireIn: 7200, accessToken: appToken }))
    .answer(
      'oauth2/userAccessToken',
      ok({
        expireIn: 7200,
        accessToken: '0f3b6c9d2e5a48718f0c1d2e3b4a5968',
        refreshToken: '9a8b7c6d5e4f30211203f4e5d6c7b8a9',
        corpId: 'dingexamplecorp01',
      }),
    )
    .answer('contact/users/me', ok(me))
    .answer(
      'topapi/user/getbyunionid',
      ok({
        errcode: 0,
        errmsg: 'ok',
        result: { contact_type: 0, userid: 'manager0042' },
        request_id: '15rk8example3',
      }),
    )
    .answer(
      'topapi/v2/user/getuserinfo',
      ok({
        errcode: 0,
        errmsg: 'ok',
        result: {
          userid: 'manager0042',
          device_id: '3b1c7f2e9a',
          sys: true,
          sys_level: 1,
          associated_unionid: 'mN5bV3cX1zL9kJ7hG5fD3siEiE',
          unionid: 'qW3eR5tY7uI9oP1aS2dF4gHiEiE',
          name: '王小明',
        },
        request_id: '15rk8example1',
      }),
    )
    .answer('topapi/v2/user/get', ok(entry()));
  const tokens = new MemoryTokens();
  const warnings: { message: string; details: unknown }[] = [];
  const tools: ProviderTools = {
    http: dingtalk,
    tokens,
    clock: new SystemClock(),
    installations: new MemoryInstallations(),
    suiteTickets: new MemorySuiteTickets(),
    warn: (message, details) => warnings.push({ message, details }),
  };
  return { provider: openDingtalk.open(settingsOf(changes), tools), dingtalk, tokens, warnings };
}

export const appToken = '4e1d0c9b8a7f36e5d4c3b2a190817f6e';

/** Sample of reference dingtalk 1.4. */
export const me = {
  nick: '王小明',
  unionId: 'qW3eR5tY7uI9oP1aS2dF4gHiEiE',
  openId: 'zX8cV6bN4mK2jH0gF9dS7aQiEiE',
  avatarUrl: 'https://static-legacy.dingtalk.com/media/example.jpg',
  mobile: '13800000000',
  stateCode: '86',
  email: 'xiaoming@example.com',
  visitor: false,
};

/** Sample of reference dingtalk 3.3, with changes to its `result`. */
export function entry(changes: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    errcode: 0,
    errmsg: 'ok',
    result: {
      userid: 'manager0042',
      unionid: 'qW3eR5tY7uI9oP1aS2dF4gHiEiE',
      name: '王小明',
      avatar: '',
      mobile: '13800000000',
      state_code: '86',
      hide_mobile: false,
      email: '',
      org_email: 'xiaoming@corp.example.com',
      job_number: 'A042',
      title: '工程师',
      dept_id_list: [1, 2001],
      active: true,
      real_authed: true,
      exclusive_account: false,
      ...changes,
    },
    request_id: '15rk8example2',
  };
}

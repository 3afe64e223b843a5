import {
  HttpClient,
  type OutboundReply,
  type OutboundRequest,
} from '../../../../common/http-client.js';
import { ok, refused } from '../../wecom/testing/fake-wecom.js';

type Body = Readonly<Record<string, unknown>>;
type Kind = 'provider' | 'suite' | 'corp';

/** A corp that installed one suite. */
export interface FakeCorp {
  readonly corpId: string;
  readonly name: string;
  readonly agentId: number;
  readonly suiteId: string;
  permanentCode: string;
  /** `40084` or `48004`: the authorization is over. */
  gone?: number;
}

interface FakeToken {
  readonly kind: Kind;
  /** The suite of a suite's token, `suite/corp` of a corp's. */
  readonly whose: string;
  isAlive: boolean;
}

interface FakeCode {
  /** The call that takes it, and whose token must come with it. */
  readonly call: string;
  readonly whose: string;
  readonly reply: Body;
  isSpent: boolean;
}

const refusals: Readonly<Record<number, string>> = {
  40001: 'invalid credential',
  40014: 'invalid access_token',
  40029: 'invalid code',
  40078: 'invalid auth code',
  40080: 'invalid suite secret',
  40082: 'invalid suite_acccess_token or provider_access_token',
  40083: 'invalid suite id',
  40084: ' invalid authorizer permanent code ',
  40085: 'invalid suite ticket',
  48002: 'api forbidden',
  48004: 'invalid authorization',
};

/** Which token each call wants, under which name; none: it takes no token. */
const wants: Readonly<Record<string, readonly [Kind, string] | undefined>> = {
  'service/get_provider_token': undefined,
  'service/get_suite_token': undefined,
  gettoken: undefined,
  'service/get_login_info': ['provider', 'access_token'],
  'service/get_customized_auth_url': ['provider', 'provider_access_token'],
  'service/corpid_to_opencorpid': ['provider', 'provider_access_token'],
  'service/get_pre_auth_code': ['suite', 'suite_access_token'],
  'service/set_session_info': ['suite', 'suite_access_token'],
  'service/v2/get_permanent_code': ['suite', 'suite_access_token'],
  'service/get_auth_info': ['suite', 'suite_access_token'],
  'service/get_corp_token': ['suite', 'suite_access_token'],
  'service/auth/getuserinfo3rd': ['suite', 'suite_access_token'],
  'service/auth/getuserdetail3rd': ['suite', 'suite_access_token'],
  get_jsapi_ticket: ['corp', 'access_token'],
  'ticket/get': ['corp', 'access_token'],
  'auth/getuserinfo': ['corp', 'access_token'],
  'auth/getuserdetail': ['corp', 'access_token'],
  'batch/userid_to_openuserid': ['corp', 'access_token'],
};

/**
 * WeCom towards one provider, strict in what reference wecom-service-provider says: each call takes its own token under its own name, codes
 * work once and at one call, a suite token needs the suite's ticket, what is not sent as documented is refused.
 */
export class FakeServiceProvider extends HttpClient {
  readonly requests: OutboundRequest[] = [];
  readonly provider = { corpid: 'ww9f3c1a7be20d4651', provider_secret: 'exampleProviderSecret' };
  readonly suites = new Map([
    ['ww2b7d60e1f4c8a935', { secret: 'exampleSuiteSecret', ticket: 'TKT-suite' }],
    ['dk8e41c09a5b7d23f6', { secret: 'exampleTemplateSecret', ticket: 'TKT-template' }],
    ['ww71ac05de94b3f862', { secret: 'exampleLoginSecret', ticket: 'TKT-login' }],
  ]);
  readonly corps: FakeCorp[] = [];
  readonly #tokens = new Map<string, FakeToken>();
  readonly #codes = new Map<string, FakeCode>();
  readonly #forced = new Map<string, OutboundReply>();

  /** A code of one kind: to be taken once, by one call, with the token of this one. */
  addCode(call: string, whose: string, code: string, reply: Body): void {
    this.#codes.set(code, { call, whose, reply, isSpent: false });
  }

  /** Ends tokens early, as WeCom may. */
  endTokens(kind: Kind): void {
    for (const token of this.#tokens.values()) if (token.kind === kind) token.isAlive = false;
  }

  /** Answers a call like this whatever it says. */
  force(call: string, reply: OutboundReply): void {
    this.#forced.set(call, reply);
  }

  /** The names of the calls, in order. */
  calls(): string[] {
    return this.requests.map(({ call }) => call);
  }

  sent(call: string): OutboundRequest[] {
    return this.requests.filter((request) => request.call === call);
  }

  override requestJson(request: OutboundRequest): Promise<OutboundReply> {
    this.requests.push(request);
    const forced = this.#forced.get(request.call);
    if (forced) return Promise.resolve(forced);
    const answer = this.#answer(request);
    return Promise.resolve(
      typeof answer === 'number' ? refused(answer, refusals[answer] ?? 'refused') : ok(answer),
    );
  }

  #answer({ call, url, method, json }: OutboundRequest): Body | number {
    if (!(call in wants)) throw new Error(`unexpected call ${call}`);
    if (url.pathname !== `/cgi-bin/${call}`) throw new Error(`${call} goes to ${url.pathname}`);
    const query = Object.fromEntries(url.searchParams);
    const body = (json ?? {}) as Body;
    if ((method === 'POST') !== (json !== undefined)) throw new Error(`${call} as ${method}`);
    const [kind, name] = wants[call] ?? [];
    if (kind === undefined || name === undefined) return this.#token(call, query, body);
    const { [name]: value = '', ...rest } = query;
    if (Object.keys(rest).some((each) => each.endsWith('access_token')))
      throw new Error(`${call} with two tokens`);
    if (value === '') return name === 'access_token' ? 41001 : 41022;
    const token = this.#tokens.get(value);
    if (token?.kind !== kind || !token.isAlive) return kind === 'corp' ? 40014 : 40082;
    return this.#serve(call, token.whose, rest, body);
  }

  #token(call: string, query: Record<string, string>, body: Body): Body | number {
    if (call === 'service/get_provider_token') {
      requireFields(call, body, 'corpid', 'provider_secret');
      if (body['provider_secret'] !== this.provider.provider_secret) return 40001;
      return { provider_access_token: this.#issue('provider', ''), expires_in: 7200 };
    }
    if (call === 'service/get_suite_token') {
      requireFields(call, body, 'suite_id', 'suite_secret', 'suite_ticket');
      const id = body['suite_id'] as string;
      const suite = this.suites.get(id);
      if (!suite) return 40083;
      if (body['suite_secret'] !== suite.secret) return 40080;
      if (body['suite_ticket'] !== suite.ticket) return 40085;
      return { errcode: 0, suite_access_token: this.#issue('suite', id), expires_in: 7200 };
    }
    requireFields(call, query, 'corpid', 'corpsecret');
    const corp = this.corps.find(({ corpId }) => corpId === query['corpid']);
    if (!corp || corp.permanentCode !== query['corpsecret']) return 40001;
    return corp.gone ?? this.#corpToken(corp);
  }

  #serve(call: string, whose: string, query: Record<string, string>, body: Body): Body | number {
    switch (call) {
      case 'service/get_pre_auth_code':
        return { errcode: 0, errmsg: 'ok', pre_auth_code: 'PAC-1', expires_in: 1200 };
      case 'service/set_session_info':
        requireFields(call, body, 'pre_auth_code', 'session_info');
        return body['pre_auth_code'] === 'PAC-1' ? { errcode: 0, errmsg: 'ok' } : 40077;
      case 'service/get_customized_auth_url':
        requireFields(call, body, 'state', 'templateid_list');
        return { errcode: 0, qrcode_url: 'https://open.work.weixin.qq.com/qr?t=1', expires_in: 1 };
      case 'service/corpid_to_opencorpid':
        requireFields(call, body, 'corpid');
        return body['corpid'] === 'wwcust' ? { errcode: 0, open_corpid: 'wpSimC1' } : 48001;
      case 'service/get_corp_token':
      case 'service/get_auth_info': {
        if (call === 'service/get_corp_token' && whose.startsWith('dk')) return 48002;
        const corp = this.#authorized(call, whose, body);
        if (typeof corp === 'number') return corp;
        return call === 'service/get_corp_token' ? this.#corpToken(corp) : authInfo(corp);
      }
      case 'get_jsapi_ticket':
        return { errcode: 0, ticket: `corp-ticket of ${whose}`, expires_in: 7200 };
      case 'ticket/get':
        if (query['type'] !== 'agent_config') return 40058;
        return { errcode: 0, ticket: `agent-ticket of ${whose}`, expires_in: 7200 };
      case 'batch/userid_to_openuserid':
        requireFields(call, body, 'userid_list');
        return convert(body['userid_list'] as string[]);
      default:
        return this.#spend(call, whose, codeIn(call, query, body));
    }
  }

  #spend(call: string, whose: string, code: string): Body | number {
    const unknown = call === 'service/v2/get_permanent_code' ? 40078 : 40029;
    const known = this.#codes.get(code);
    if (known?.call !== call || known.whose !== whose || known.isSpent) return unknown;
    known.isSpent = !call.includes('getuserdetail');
    return known.reply;
  }

  #authorized(call: string, suiteId: string, body: Body): FakeCorp | number {
    requireFields(call, body, 'auth_corpid', 'permanent_code');
    const corp = this.corps.find((each) => each.corpId === body['auth_corpid']);
    if (corp?.suiteId !== suiteId || corp.permanentCode !== body['permanent_code']) return 40084;
    return corp.gone ?? corp;
  }

  #corpToken({ suiteId, corpId }: FakeCorp): Body {
    return { access_token: this.#issue('corp', `${suiteId}/${corpId}`), expires_in: 7200 };
  }

  /** The same value while it is alive. */
  #issue(kind: Kind, whose: string): string {
    for (const [value, token] of this.#tokens)
      if (token.kind === kind && token.whose === whose && token.isAlive) return value;
    const value = `${kind}-token-${this.#tokens.size + 1}`;
    this.#tokens.set(value, { kind, whose, isAlive: true });
    return value;
  }
}

function requireFields(call: string, given: Body, ...names: string[]): void {
  if (JSON.stringify(Object.keys(given).sort()) !== JSON.stringify([...names].sort()))
    throw new Error(`${call} with ${Object.keys(given).join(', ')}`);
}

function codeIn(call: string, query: Body, body: Body): string {
  const name = call.includes('getuserdetail') ? 'user_ticket' : 'auth_code';
  const [given, field] = call.includes('getuserinfo') ? [query, 'code'] : [body, name];
  requireFields(call, given, field);
  return String(given[field]);
}

function authInfo({ corpId, name, agentId }: FakeCorp): Body {
  return {
    errcode: 0,
    errmsg: 'ok',
    auth_corp_info: { corpid: corpId, corp_name: name, corp_type: 'verified' },
    auth_info: { agent: [{ agentid: agentId, name: '示例应用', auth_mode: 0 }] },
  };
}

function convert(userIds: readonly string[]): Body {
  const known = userIds.filter((each) => each !== 'nobody');
  return {
    errcode: 0,
    open_userid_list: known.map((userid) => ({ userid, open_userid: `woSim-${userid}` })),
    invalid_userid_list: userIds.filter((each) => each === 'nobody'),
  };
}

import type { SandboxClock } from './clock.js';
import {
  verifyJsapi as verifyDingtalkJsapi,
  type JsapiPage as DingtalkJsapiPage,
} from './dingtalk/jsapi-verification.js';
import type { InAppGrant, DingtalkSettings, DingtalkState } from './dingtalk/state.js';
import { CODE_SECONDS } from './dingtalk/state.js';
import { openIdOf, unionIdOf, type DingtalkWorld } from './dingtalk/world.js';
import type { Fault, Faults } from './faults.js';
import type { LoggedRequest, RequestLog } from './request-log.js';
import type { SmsMessage, SmsState } from './sms/state.js';
import type { Variation } from './variation.js';
import {
  verifyJsapi as verifyWecomJsapi,
  type JsapiCall,
  type JsapiPage as WecomJsapiPage,
} from './wecom/jsapi-verification.js';
import type { AppKey, WecomSettings, WecomState } from './wecom/state.js';
import type { WecomWorld } from './wecom/world.js';
import type { WecomProviderControl } from './wecom-provider/control.js';
import { wecomProviderControl } from './wecom-provider/create-control.js';
import type { WecomProvider } from './wecom-provider/provider.js';

/** What a tester may turn. The same over HTTP: `control-api.ts`. */
export interface SandboxControl {
  /** The sandbox's time. */
  now(): Date;
  /** Moves the time on: codes, tokens, tickets and consents age. */
  advance(seconds: number): void;
  /** Switches a fault on. */
  fault(fault: Fault): void;
  faults(): readonly Fault[];
  /** Switches faults off: those of one host or call, or all. */
  clearFaults(on?: string): void;
  /** How often each call was received, by host and real path, e.g. `qyapi.weixin.qq.com/cgi-bin/gettoken`. */
  calls(): Record<string, number>;
  /** How often one call was received. */
  callCount(call: string): number;
  /** The latest requests, without anything secret. */
  requests(): LoggedRequest[];
  /** Back to the start, except for registered redirect and callback URLs and trusted domains. */
  reset(): void;
  readonly dingtalk: DingtalkControl;
  readonly wecom: WecomControl;
  /** The service provider's side: suites, customers, callbacks. */
  readonly wecomProvider: WecomProviderControl;
  readonly sms: SmsControl;
}

export interface SmsControl {
  /** What the imitated services know: keys, signature, template. */
  readonly known: Pick<
    SmsState,
    'accessKeyId' | 'accessKeySecret' | 'signName' | 'template' | 'sdkAppId' | 'webhookSecret'
  >;
  /** Every message that was taken. */
  inbox(): readonly SmsMessage[];
  /** The code that a phone got last; the phone as E.164. */
  lastCode(phone: string): string | undefined;
  /** Refuses the next message in the service's own words. */
  refuseNext(platformCode: string): void;
}

export interface DingtalkControl {
  /** The live world: change it as an administrator would (people leave, secrets change). */
  readonly world: DingtalkWorld;
  readonly settings: DingtalkSettings;
  registerRedirect(clientId: string, url: string): void;
  /** Plays the DingTalk client: `dd.requestAuthCode` on a page of the app. */
  inAppCode(grant: InAppGrant): string;
  /** The `unionId` of a person for the org that owns the app. */
  readonly unionIdOf: (corpId: string, personId: string) => string;
  readonly openIdOf: (clientId: string, personId: string) => string;
  /** Invalidates app tokens before their time: of one app, or all. */
  invalidateAppTokens(clientId?: string): void;
  /** Plays the DingTalk client: `dd.config` on a page. 0, or the code it refuses with. */
  verifyJsapi(page: DingtalkJsapiPage): number;
}

export interface WecomControl {
  readonly world: WecomWorld;
  readonly settings: WecomSettings;
  /** Host with port, no scheme: both the trusted domain and the 授权回调域. */
  trustDomain(corpId: string, agentId: number | string, hostWithPort: string): void;
  /** Who is logged in to the WeCom client, by userid or visitor id, when the request does not say. */
  setClientUser(corpId: string, id: string): void;
  /** Plays `wx.qy.login` in a mini program. */
  miniProgramCode(grant: AppKey & { userid: string }): string;
  /** Takes consents back: of one member, or all. */
  forgetConsents(userid?: string): void;
  /** Invalidates access tokens before their time: of one app, or all. */
  invalidateTokens(corpId?: string, agentId?: number | string): void;
  /** Plays the WeCom client: `wx.config` or `wx.agentConfig` on a page. 0, or the code it refuses with. */
  verifyJsapi(call: JsapiCall, page: WecomJsapiPage): number;
}

export interface ControlledParts {
  readonly clock: SandboxClock;
  readonly faults: Faults;
  readonly log: RequestLog;
  readonly variation: Variation;
  readonly dingtalk: DingtalkState;
  readonly wecom: WecomState;
  readonly wecomProvider: WecomProvider;
  readonly sms: SmsState;
}

export function createControl(parts: ControlledParts): SandboxControl {
  const { clock, faults, log, variation, dingtalk, wecom, wecomProvider, sms } = parts;
  return {
    now: () => new Date(clock.now()),
    advance: (seconds) => clock.advance(seconds),
    fault: (fault) => faults.add(fault),
    faults: () => faults.list(),
    clearFaults: (on) => faults.clear(on),
    calls: () => log.counts(),
    callCount: (call) => log.counts()[call] ?? 0,
    requests: () => log.latest(),
    reset: () => {
      faults.clear();
      log.clear();
      clock.reset();
      variation.reset();
      dingtalk.reset();
      wecom.reset();
      wecomProvider.reset();
      sms.reset();
    },
    dingtalk: dingtalkControl(dingtalk),
    wecom: wecomControl(wecom),
    wecomProvider: wecomProviderControl(wecomProvider),
    sms: smsControl(sms),
  };
}

function smsControl(state: SmsState): SmsControl {
  return {
    known: state,
    inbox: () => [...state.inbox],
    lastCode: (phone) =>
      state.inbox.findLast((message) => plain(message.phone) === plain(phone))?.code,
    refuseNext: (platformCode) => state.refusals.push(platformCode),
  };
}

function plain(phone: string): string {
  return phone.replace(/^\+(?:86)?/, '');
}

function dingtalkControl(state: DingtalkState): DingtalkControl {
  return {
    get world() {
      return state.world;
    },
    settings: state.settings,
    registerRedirect: (clientId, url) => state.registerRedirect(clientId, url),
    inAppCode: (grant) => state.inAppCodes.put(grant, CODE_SECONDS).id,
    unionIdOf,
    openIdOf,
    invalidateAppTokens: (clientId) =>
      state.appTokens.removeWhere((it) => clientId === undefined || it.clientId === clientId),
    verifyJsapi: (page) => verifyDingtalkJsapi(state, page),
  };
}

function wecomControl(state: WecomState): WecomControl {
  return {
    get world() {
      return state.world;
    },
    settings: state.settings,
    trustDomain: (corpId, agentId, host) =>
      state.trustDomain({ corpId, agentId: Number(agentId) }, host),
    setClientUser: (corpId, id) => {
      state.clientUsers.set(corpId, id);
    },
    miniProgramCode: ({ corpId, agentId, userid }) =>
      state.codes.put(
        { corpId, agentId, personId: userid, flow: 'mini-program', scope: 'snsapi_base' },
        CODE_SECONDS,
      ).id,
    forgetConsents: (userid) =>
      state.consents.removeWhere((it) => userid === undefined || it.userid === userid),
    invalidateTokens: (corpId, agentId) =>
      state.tokens.removeWhere(
        (it) =>
          (corpId === undefined || it.corpId === corpId) &&
          (agentId === undefined || it.agentId === Number(agentId)),
      ),
    verifyJsapi: (call, page) => verifyWecomJsapi(state, call, page),
  };
}

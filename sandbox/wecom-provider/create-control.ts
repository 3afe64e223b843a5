import { ControlFault } from '../control-fields.js';
import { badEnvelope, type BadCallbackKind } from './bad-callbacks.js';
import type { CallbackAttempt } from './callback-sender.js';
import { createAuth } from './events.js';
import type { Installed, TokenKind, WecomProviderControl } from './control.js';
import { authorise, customer, endInstallation, installed, resetSecret } from './installing.js';
import { verifyProviderJsapi } from './jsapi.js';
import type { WecomProvider } from './provider.js';
import { corp, member } from './seed.js';
import { CODE_SECONDS } from './state.js';
import { dropCorpTokens } from './token-calls.js';
import { findMember, findSuite, type CustomerCorp } from './world.js';

export function wecomProviderControl(provider: WecomProvider): WecomProviderControl {
  const { state, events, contacts, sender, urls } = provider;
  const pushBad = (kind: BadCallbackKind, suiteId: string, corpId?: string) =>
    sendBad(provider, kind, suiteId, corpId);
  return {
    get world() {
      return state.world;
    },
    settings: state.settings,
    seenCorpId: (corpId) => state.seen.corpId(customer(state, corpId)),
    seenUserid: (corpId, userid) => state.seen.userid(...memberOf(provider, corpId, userid)),
    openUserid: (corpId, userid) => state.seen.openUserid(...memberOf(provider, corpId, userid)),
    trustDomain: (host, suiteId) => state.domains.add(host, suiteId),
    registerCallback: async (callback) => {
      const done = await urls.register(callback);
      if (callback.kind === 'command' && state.settings.ticketPushes !== 'off') {
        await events.pushTickets(callback.suiteId);
      }
      return done;
    },
    forgetCallbacks: (suiteId) => urls.forget(suiteId),
    issueTicket: (suiteId) => events.issueTicket(suiteId),
    pushTicket: (suiteId) => events.pushTickets(suiteId),
    install: async (corpId, suiteId, { push = true, ...agreement } = {}) => {
      const { authCode } = authorise(state, { ...agreement, corpId, suiteId });
      const answer = push
        ? await events.command(suiteId, 'create_auth', createAuth(authCode, agreement.state))
        : undefined;
      return shown(provider, corpId, suiteId, authCode, answer);
    },
    change: async (corpId, suiteId, { visible, ...changes }) => {
      const of = customer(state, corpId);
      Object.assign(installed(state, of.corpId, suiteId), changes);
      if (changes.status === 'disabled') dropCorpTokens(state, of.corpId, suiteId);
      const announced = visible === undefined ? [] : contacts.changeRange(corpId, suiteId, visible);
      const fields = { AuthCorpId: state.seen.corpId(of) };
      const answer = await events.command(suiteId, 'change_auth', fields);
      await Promise.all(announced);
      return answer;
    },
    cancel: (corpId, suiteId) =>
      events.command(suiteId, 'cancel_auth', {
        AuthCorpId: endInstallation(state, corpId, suiteId),
      }),
    resetPermanentCode: async (corpId, suiteId) => {
      const authCode = resetSecret(state, corpId, suiteId);
      const answer = await events.command(suiteId, 'reset_permanent_code', { AuthCode: authCode });
      return shown(provider, corpId, suiteId, authCode, answer);
    },
    createMember: (corpId, added) => contacts.create(corpId, added),
    updateMember: (corpId, userid, changes) => contacts.update(corpId, userid, changes),
    deleteMember: (corpId, userid) => contacts.delete(corpId, userid),
    pushCommand: (suiteId, infoType, fields = {}) => events.command(suiteId, infoType, fields),
    pushCorpEvent: (corpId, suiteId, fields) => {
      const of = customer(state, corpId);
      return events.corpEvent(of, installed(state, of.corpId, suiteId), fields);
    },
    pushBad,
    badSignature: (suiteId, corpId) => pushBad('bad-signature', suiteId, corpId),
    wrongReceiveId: (suiteId, corpId) => pushBad('wrong-receive-id', suiteId, corpId),
    callbacks: () => sender.log(),
    settled: () => sender.settled(),
    addCorps: (count, membersEach = 2) => addCorps(provider, count, membersEach),
    setClientUser: (corpId, id) => {
      state.clientUser = { corpId, id };
    },
    consoleCode: (corpId, userid) => {
      const [of, who] = memberOf(provider, corpId, userid);
      const grant = { corpId: of.corpId, personId: who.userid, scope: 'snsapi_base' } as const;
      return state.loginCodes.put({ ...grant, flow: 'console' }, CODE_SECONDS).id;
    },
    verifyJsapi: (call, page) => verifyProviderJsapi(state, call, page),
    forgetConsents: () => state.consents.clear(),
    invalidateTokens: (kind) => invalidate(provider, kind),
  };
}

function shown(
  { state }: WecomProvider,
  corpId: string,
  suiteId: string,
  authCode: string,
  answer: CallbackAttempt | undefined,
): Installed {
  const of = customer(state, corpId);
  const { agentId, permanentCode } = installed(state, of.corpId, suiteId);
  return {
    authCode,
    corpId: state.seen.corpId(of),
    agentId,
    permanentCode,
    ...(answer ? { answer } : {}),
  };
}

function memberOf({ state }: WecomProvider, corpId: string, userid: string) {
  const of = customer(state, corpId);
  const found = findMember(of, userid);
  if (!found) throw new ControlFault(`no member ${userid} in ${corpId}`);
  return [of, found] as const;
}

function sendBad(
  { state, events, sender, urls }: WecomProvider,
  kind: BadCallbackKind,
  suiteId: string,
  corpId: string | undefined,
): Promise<CallbackAttempt> {
  const suite = findSuite(state.world, suiteId);
  const to = urls.find(suiteId, 'command');
  if (!suite || !to) throw new ControlFault(`no command URL is registered for ${suiteId}`);
  const { message, pair } =
    corpId === undefined
      ? events.commandDelivery(suite, to, 'suite_ticket', { SuiteTicket: 'FORGED' })
      : events.commandDelivery(suite, to, 'cancel_auth', {
          AuthCorpId: state.seen.corpId(customer(state, corpId)),
        });
  const seconds = Math.floor(state.clock.now() / 1000);
  return sender.send({
    suiteId,
    event: kind,
    url: to.url,
    envelope: badEnvelope({ kind, pair, message, suiteId, seconds }),
    timeoutMs: state.settings.timeoutMs,
    isRight: () => true,
  });
}

function addCorps({ state }: WecomProvider, count: number, membersEach: number): CustomerCorp[] {
  const { corps } = state.world;
  const first = corps.length;
  const added = Array.from({ length: count }, (_, index) => {
    const number = first + index;
    return corp({
      corpId: `ww${number.toString(16).padStart(16, '0')}`,
      name: `企业 ${number}`,
      idMode: 'encrypted',
      members: Array.from({ length: membersEach }, (__, at) =>
        member(`member${at + 1}`, `成员 ${number}-${at + 1}`),
      ),
      visitors: [],
      admins: [{ userid: 'member1', usertype: 1, authType: 1 }],
    });
  });
  corps.push(...added);
  return added;
}

function invalidate({ state }: WecomProvider, kind: TokenKind | undefined): void {
  if (kind === undefined || kind === 'provider') state.providerTokens.clear();
  if (kind === undefined || kind === 'suite') state.suiteTokens.clear();
  if (kind === undefined || kind === 'corp') state.corpTokens.clear();
}

import type { Clock } from '../../../common/clock.js';
import { Secret } from '../../../common/secret.js';
import type { Installations } from '../installations.js';
import type {
  CallbackRequest,
  EventChannel,
  PlatformEvent,
  ReadCallback,
} from '../platform-events.js';
import { openCallback, readXml, sentAtOf } from '../wecom/wecom.callback.js';
import { type CallbackKeys, callbackRefused } from '../sealed-callback.js';
import type { WecomServiceProviderSettings } from './wecom-service-provider.settings.js';

type Fields = Readonly<Record<string, string>>;

/** One callback URL of ours: whose commands come there, or that corps' own events do. */
interface CallbackUrl {
  readonly keys: CallbackKeys;
  /** Of a command URL: the suite whose commands it takes. */
  readonly suiteId?: string;
}

/** What a command must bring to be worth anything. */
const needed = new Map([
  ['suite_ticket', 'SuiteTicket'],
  ['create_auth', 'AuthCode'],
  ['reset_permanent_code', 'AuthCode'],
  ['change_auth', 'AuthCorpId'],
  ['cancel_auth', 'AuthCorpId'],
  ['change_contact', 'AuthCorpId'],
]);

/**
 * Reads what WeCom pushes to the three URLs of a service provider. For whom it was made differs by URL and method, and is compared before
 * anything inside is believed (reference wecom-service-provider 7.2).
 */
export class ServiceProviderCallbacks {
  readonly #urls: ReadonlyMap<EventChannel, CallbackUrl>;

  constructor(
    private readonly settings: WecomServiceProviderSettings,
    private readonly installations: Installations,
    private readonly clock: Clock,
  ) {
    this.#urls = urlsOf(settings);
  }

  get channels(): readonly EventChannel[] {
    return [...this.#urls.keys()];
  }

  /** @throws AppError `callback_refused` */
  async read(channel: EventChannel, request: CallbackRequest): Promise<ReadCallback> {
    const url = this.#urls.get(channel);
    if (!url) throw callbackRefused('the connection has no keys for this URL');
    const { content, receiveId } = openCallback(url.keys, request);
    if (!(await this.#isForUs(url, request, receiveId)))
      throw callbackRefused('it was made for another suite or corp', {
        fix: 'Compare providerCorpId and suiteId with the console; of a data callback, the corp must be among the tenants.',
      });
    // An event that was overheard and comes again as a test would be decrypted for whoever sends it.
    if (request.method === 'GET' && content.includes('<'))
      throw callbackRefused('it brings an event as a test of the URL');
    if (request.method === 'GET')
      return { kind: 'verification', answer: { contentType: 'text/plain', body: content } };
    return url.suiteId === undefined
      ? {
          kind: 'event',
          event: this.#dataEvent(channel, content, receiveId),
          answer: { contentType: 'text/plain', body: '' },
        }
      : {
          kind: 'event',
          event: this.#command(channel, content, url.suiteId),
          answer: { contentType: 'text/plain', body: 'success' },
        };
  }

  /**
   * A test of a URL is made for the provider's own corp; for a delegated app's own URL perhaps for the customer's. The provider sees its own
   * corp by the plain id.
   */
  async #isForUs(
    { suiteId }: CallbackUrl,
    { method }: CallbackRequest,
    receiveId: string,
  ): Promise<boolean> {
    const { providerCorpId, appType } = this.settings;
    if (suiteId !== undefined) return receiveId === (method === 'GET' ? providerCorpId : suiteId);
    if (receiveId === providerCorpId) return true;
    if (method === 'GET' && appType === 'third-party') return false;
    return (await this.installations.find(receiveId)) !== undefined;
  }

  #command(channel: EventChannel, content: string, suiteId: string): PlatformEvent {
    const fields = readXml(content);
    const infoType = fields['InfoType'] ?? '';
    // Two suites whose callbacks lead to one URL would overwrite each other's tickets (pitfall 3).
    if (fields['SuiteId'] !== suiteId) throw callbackRefused('it is about another suite');
    if (infoType === '') throw callbackRefused('it lacks InfoType');
    const field = needed.get(infoType);
    if (field !== undefined && !fields[field]) throw callbackRefused(`it lacks ${field}`);
    return {
      channel,
      content,
      type: (infoType === 'change_contact' && fields['ChangeType']) || infoType,
      sentAt: sentAtOf(fields['TimeStamp'] ?? '', this.clock.now()),
      subject: subjectOfCommand(suiteId, infoType, fields),
    };
  }

  #dataEvent(channel: EventChannel, content: string, corpId: string): PlatformEvent {
    const fields = readXml(content);
    if (fields['ToUserName'] !== corpId) throw callbackRefused('it is about another corp');
    const { Event: event, ChangeType: change, MsgType: message } = fields;
    return {
      channel,
      content,
      type: (event === 'change_contact' && change) || event || message || 'unknown',
      sentAt: sentAtOf(fields['CreateTime'] ?? '', this.clock.now()),
      subject: membersOf(corpId),
    };
  }
}

function urlsOf({
  appType,
  suiteId,
  eventToken,
  eventAesKey,
  appEventToken,
  appEventAesKey,
  loginSuite,
}: WecomServiceProviderSettings): ReadonlyMap<EventChannel, CallbackUrl> {
  const own: CallbackKeys = { token: eventToken, aesKey: eventAesKey };
  const apps =
    appType === 'delegated' && appEventToken && appEventAesKey
      ? { token: appEventToken, aesKey: appEventAesKey }
      : own;
  return new Map<EventChannel, CallbackUrl>([
    ['main', { keys: own, suiteId }],
    ['data', { keys: apps }],
    ...(loginSuite ? [['login-suite', loginUrl(loginSuite)] as const] : []),
  ]);
}

function loginUrl({
  suiteId,
  eventToken,
  eventAesKey,
}: NonNullable<WecomServiceProviderSettings['loginSuite']>): CallbackUrl {
  return { suiteId, keys: { token: eventToken, aesKey: eventAesKey } };
}

/**
 * A corp's authorization changes in order, and so do its members. What asks WeCom nothing, its members' events and the end of its
 * authorization, must not wait for a change that WeCom cannot be asked about. An authorization code tells no corp yet: each is on its own.
 */
function subjectOfCommand(suiteId: string, infoType: string, fields: Fields): string {
  const { AuthCorpId: corpId, AuthCode: authCode } = fields;
  if (corpId && infoType === 'change_contact') return membersOf(corpId);
  if (corpId) return infoType === 'cancel_auth' ? `${corpId}/cancellation` : corpId;
  if (authCode) return `${suiteId}/${new Secret(authCode).fingerprint()}`;
  return `${suiteId}/${infoType}`;
}

function membersOf(corpId: string): string {
  return `${corpId}/members`;
}

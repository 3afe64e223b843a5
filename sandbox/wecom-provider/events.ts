import type { CallbackAttempt, CallbackSender, Delivery } from './callback-sender.js';
import type { CallbackUrl, CallbackUrls } from './callback-urls.js';
import { xml, type XmlFields } from './callback-envelope.js';
import { TICKET_SECONDS, type WecomProviderState } from './state.js';
import { findSuite, type CustomerCorp, type Installation, type ProviderSuite } from './world.js';

/** Events that must be answered at once: an administrator is waiting (reference 7.3). */
const PROMPT = ['create_auth', 'change_auth', 'cancel_auth', 'reset_permanent_code'];

/** What WeCom tells the provider. Without a URL that was registered for it, an event is lost. */
export class ProviderEvents {
  constructor(
    private readonly state: WecomProviderState,
    private readonly urls: CallbackUrls,
    private readonly sender: CallbackSender,
  ) {}

  /** A new ticket, good for 30 minutes like those before it. */
  issueTicket(suiteId: string): string {
    return this.state.suiteTickets.put({ suiteId }, TICKET_SECONDS).id;
  }

  /** Pushes a new ticket to one suite, or to all. */
  async pushTickets(suiteId?: string): Promise<CallbackAttempt[]> {
    const suites = this.state.world.provider.suites.filter(
      (suite) => suiteId === undefined || suite.suiteId === suiteId,
    );
    const pushed = await Promise.all(
      suites.map((suite) =>
        this.command(suite.suiteId, 'suite_ticket', {
          SuiteTicket: this.issueTicket(suite.suiteId),
        }),
      ),
    );
    return pushed.filter((attempt) => attempt !== undefined);
  }

  /** An event for the command URL, with the suite as receiver (reference 7.4). */
  async command(
    suiteId: string,
    infoType: string,
    fields: XmlFields,
  ): Promise<CallbackAttempt | undefined> {
    const to = this.urls.find(suiteId, 'command');
    const suite = findSuite(this.state.world, suiteId);
    if (!to || !suite) return undefined;
    return this.sender.deliver(this.commandDelivery(suite, to, infoType, fields));
  }

  commandDelivery(
    suite: ProviderSuite,
    to: CallbackUrl,
    infoType: string,
    fields: XmlFields,
  ): Delivery {
    const { settings, variation } = this.state;
    const { AuthCode, ...rest } = fields;
    const message = xml(
      {
        SuiteId: suite.suiteId,
        AuthCode,
        InfoType: infoType,
        TimeStamp: this.#seconds(),
        ...rest,
      },
      variation.chance(0.5),
    );
    return {
      suiteId: suite.suiteId,
      event: infoType,
      url: to.url,
      pair: suite.callback,
      message,
      receiveId: suite.suiteId,
      toUserName: suite.suiteId,
      agentId: '',
      timeoutMs: PROMPT.includes(infoType) ? settings.promptTimeoutMs : settings.timeoutMs,
      answer: 'success',
    };
  }

  /** An event of one corp: for the data URL of a third-party app, or a delegated app's own URL (reference 7.5). */
  async corpEvent(
    corp: CustomerCorp,
    installation: Installation,
    fields: XmlFields & { readonly Event: string },
  ): Promise<CallbackAttempt | undefined> {
    const suite = findSuite(this.state.world, installation.suiteId);
    if (!suite) return undefined;
    const kind = suite.kind === 'delegated' ? 'app' : 'data';
    const to = this.urls.find(suite.suiteId, kind, corp.corpId);
    if (!to) return undefined;
    const corpId = this.state.seen.corpId(corp);
    const message = xml({
      ToUserName: corpId,
      FromUserName: 'sys',
      CreateTime: this.#seconds(),
      MsgType: 'event',
      ...fields,
    });
    return this.sender.deliver({
      suiteId: suite.suiteId,
      event: fields.Event,
      url: to.url.replaceAll('$CORPID$', corpId),
      pair: to.pair ?? suite.callback,
      message,
      receiveId: corpId,
      toUserName: corpId,
      agentId: installation.agentId.toString(),
      timeoutMs: this.state.settings.timeoutMs,
      answer: 'any',
    });
  }

  #seconds(): number {
    return Math.floor(this.state.clock.now() / 1000);
  }
}

/** What `create_auth` says (reference 7.4): not which corp it was. */
export function createAuth(authCode: string, state: string | undefined): XmlFields {
  return { AuthCode: authCode, State: state ?? '', ExtraInfo: '' };
}

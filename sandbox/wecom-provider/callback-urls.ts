import { ControlFault } from '../control-fields.js';
import { randomInt } from 'node:crypto';

import { encrypt } from './callback-crypto.js';
import { signedQuery, withQuery } from './callback-envelope.js';
import type { CallbackAttempt, CallbackSender } from './callback-sender.js';
import type { WecomProviderState } from './state.js';
import { findCustomer, findSuite, type CallbackPair, type ProviderSuite } from './world.js';

/** The command URL of a suite, its data URL, or a delegated app's own URL (reference 7.1). */
export type CallbackKind = 'command' | 'data' | 'app';

export const callbackKinds: readonly CallbackKind[] = ['command', 'data', 'app'];

export interface CallbackUrl {
  readonly suiteId: string;
  readonly kind: CallbackKind;
  /** `$CORPID$` in it stands for the corp. */
  readonly url: string;
  /** Of `app`: one corp's; absent, every corp's. Plain. */
  readonly corpId?: string;
  /** Of `app`: its own pair; absent, the template's. */
  readonly pair?: CallbackPair;
}

/** Which URLs the provider has told WeCom. They outlive a reset. */
export class CallbackUrls {
  #urls: CallbackUrl[] = [];

  constructor(
    private readonly state: WecomProviderState,
    private readonly sender: CallbackSender,
  ) {}

  /**
   * Checks a URL as the console does before it saves one (reference 7.3), and saves it.
   * @throws ControlFault when the URL does not answer with exactly what was encrypted
   */
  async register(wanted: CallbackUrl): Promise<CallbackAttempt> {
    const suite = findSuite(this.state.world, wanted.suiteId);
    if (!suite) throw new ControlFault(`no suite ${wanted.suiteId}`);
    const done = await this.#verify(suite, wanted);
    if (done.outcome !== 'ok') {
      throw new ControlFault(
        `40057: the callback URL was not verified: ${done.outcome}, ${done.status}`,
      );
    }
    this.#urls = [...this.#urls.filter((it) => !isSamePlace(it, wanted)), wanted];
    return done;
  }

  find(suiteId: string, kind: CallbackKind, corpId?: string): CallbackUrl | undefined {
    const fitting = this.#urls.filter((it) => it.suiteId === suiteId && it.kind === kind);
    return (
      fitting.find((it) => it.corpId !== undefined && it.corpId === corpId) ??
      fitting.find((it) => it.corpId === undefined)
    );
  }

  forget(suiteId?: string): void {
    this.#urls = this.#urls.filter((it) => suiteId !== undefined && it.suiteId !== suiteId);
  }

  /** Encrypted with the provider's own corpid behind it; a delegated app's own URL is uncertain (reference 7.2). */
  #verify(suite: ProviderSuite, wanted: CallbackUrl): Promise<CallbackAttempt> {
    const { world, clock, settings, seen } = this.state;
    const corp = findCustomer(world, wanted.corpId);
    const isByCorp = wanted.kind === 'app' && settings.appVerification === 'corp';
    const receiveId = corp && isByCorp ? seen.corpId(corp) : world.provider.corpId;
    const pair = wanted.pair ?? suite.callback;
    const said = Array.from({ length: 19 }, () => randomInt(1, 10)).join('');
    const echostr = encrypt(pair.aesKey, said, receiveId);
    const query = signedQuery(pair.token, echostr, Math.floor(clock.now() / 1000));
    return this.sender.send({
      suiteId: wanted.suiteId,
      event: 'verification',
      url: withQuery(wanted.url.replaceAll('$CORPID$', receiveId), { ...query, echostr }),
      timeoutMs: settings.promptTimeoutMs,
      isRight: (body) => body === said,
    });
  }
}

function isSamePlace(one: CallbackUrl, other: CallbackUrl): boolean {
  return one.suiteId === other.suiteId && one.kind === other.kind && one.corpId === other.corpId;
}

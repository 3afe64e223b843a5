import { Injectable } from '@nestjs/common';
import { Webhook } from 'standardwebhooks';
import { Agent, request } from 'undici';

import { Clock } from '../common/clock.js';
import { type DueDelivery, type Outcome, readRetryAfter } from './delivery.js';

const limitMs = 10_000;
/** As much of an answer is passed over to keep the connection; beyond it the connection is dropped. */
const answerBytes = 16_384;

/** Sends one delivery: a signed POST (https://www.standardwebhooks.com), ten seconds, no redirects, the answer's body unread. */
@Injectable()
export class WebhookSender {
  // Receivers are the company's own systems: not through OUTBOUND_PROXY, which is for the platforms.
  readonly #agent = new Agent({ connect: { timeout: 5000 }, pipelining: 1 });

  constructor(private readonly clock: Clock) {}

  /** @param secret `whsec_…` */
  async send({ url, eventId, body }: DueDelivery, secret: string): Promise<Outcome> {
    const now = this.clock.now();
    const signal = AbortSignal.timeout(limitMs);
    try {
      const answer = await request(url, {
        dispatcher: this.#agent,
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'Lingpai',
          'webhook-id': eventId,
          'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
          'webhook-signature': new Webhook(secret).sign(eventId, now, body),
        },
        signal,
      });
      // The status is the answer; whatever happens to the rest changes nothing.
      void answer.body.dump({ limit: answerBytes, signal }).catch(() => undefined);
      const wish = [answer.headers['retry-after']].flat()[0];
      return outcomeOf(answer.statusCode, readRetryAfter(wish, now));
    } catch (error) {
      return { kind: 'retry', error: reasonOf(error) };
    }
  }

  /** To be called when nothing is being sent any more. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function outcomeOf(status: number, wish: number | undefined): Outcome {
  if (status >= 200 && status <= 299) return { kind: 'delivered', status };
  const error = `HTTP ${status}`;
  if (status === 410) return { kind: 'gone', status, error };
  const heeded = wish !== undefined && [429, 503].includes(status);
  return { kind: 'retry', status, error, ...(heeded && { afterSeconds: wish }) };
}

/** The library's own words may hold the URL, and that a token. */
function reasonOf(error: unknown): string {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  if (name === 'TimeoutError') return 'no answer within ten seconds';
  return typeof code === 'string' ? code : String(name);
}

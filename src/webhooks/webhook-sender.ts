import { Injectable } from '@nestjs/common';
import { Webhook } from 'standardwebhooks';
import { Agent, type Dispatcher, request } from 'undici';

import { Clock } from '../common/clock.js';
import type { DueDelivery, Outcome } from './delivery.js';

const timeoutMs = 10_000;

/** Sends one delivery: a signed POST (https://www.standardwebhooks.com), ten seconds, no redirects, the answer's body unread. */
@Injectable()
export class WebhookSender {
  // Receivers are the company's own systems: not through OUTBOUND_PROXY, which is for the platforms.
  readonly #agent: Dispatcher = new Agent({ connect: { timeout: 5000 }, pipelining: 1 });

  constructor(private readonly clock: Clock) {}

  /** @param secret `whsec_…` */
  async send({ url, eventId, body }: DueDelivery, secret: string): Promise<Outcome> {
    const now = this.clock.now();
    try {
      const {
        statusCode,
        headers,
        body: answer,
      } = await request(url, {
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
        signal: AbortSignal.timeout(timeoutMs),
      });
      answer.on('error', () => undefined).destroy();
      return outcomeOf(statusCode, headers['retry-after']);
    } catch (error) {
      // The library's own words may hold the URL, and that a token.
      const { code, name } = error as { code?: unknown; name?: unknown };
      return { kind: 'retry', error: typeof code === 'string' ? code : String(name) };
    }
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }
}

function outcomeOf(status: number, retryAfter: string | string[] | undefined): Outcome {
  if (status >= 200 && status <= 299) return { kind: 'delivered', status };
  const error = `HTTP ${status}`;
  if (status === 410) return { kind: 'gone', status, error };
  const seconds = Number(retryAfter);
  const wished = [429, 503].includes(status) && Number.isFinite(seconds) && seconds > 0;
  return { kind: 'retry', status, error, ...(wished && { afterSeconds: seconds }) };
}

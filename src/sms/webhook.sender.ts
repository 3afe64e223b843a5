import { randomUUID } from 'node:crypto';

import { Webhook } from 'standardwebhooks';
import { request } from 'undici';

import { AppError } from '../common/app-error.js';
import type { Clock } from '../common/clock.js';
import type { Secret } from '../common/secret.js';
import { type PhoneCodeMessage, SmsSender } from './sms-sender.js';

const timeoutMs = 5000;

/**
 * Hands codes to the operator's own gateway: a POST, signed after Standard Webhooks (https://www.standardwebhooks.com), made once,
 * since a second one could be a second message.
 */
export class WebhookSender extends SmsSender {
  readonly #webhook: Webhook;

  constructor(
    private readonly url: Secret,
    secret: Secret,
    private readonly clock: Clock,
  ) {
    super();
    const text = secret.reveal();
    // Text as its bytes in UTF-8: the library's own reading of text knows Latin letters only.
    this.#webhook = text.startsWith('whsec_')
      ? new Webhook(text)
      : new Webhook(Buffer.from(text), { format: 'raw' });
  }

  override async sendCode({
    phone,
    code,
    validMinutes,
    language,
  }: PhoneCodeMessage): Promise<void> {
    const body = JSON.stringify({
      type: 'phone_code',
      phone,
      code: code.reveal(),
      validMinutes,
      language,
    });
    const id = randomUUID();
    const now = this.clock.now();
    const status = await this.#post(body, {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': this.#webhook.sign(id, now, body),
    });
    if (status < 200 || status > 299) {
      throw unavailable(`${status}`, 'Look into the log of the SMS gateway at SMS_WEBHOOK_URL.');
    }
  }

  /** @returns the HTTP status; what else the gateway says is not read */
  async #post(body: string, headers: Record<string, string>): Promise<number> {
    try {
      const answer = await request(this.url.reveal(), {
        method: 'POST',
        headers,
        body,
        // A kept connection may have ended unseen, and a message that was lost on it cannot be sent again.
        reset: true,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        signal: AbortSignal.timeout(timeoutMs),
      });
      answer.body.on('error', () => undefined).destroy();
      return answer.statusCode;
    } catch (error) {
      // The library's own words may hold the URL, and that a token.
      const code = (error as { code?: unknown }).code;
      throw unavailable(
        typeof code === 'string' ? code : (error as Error).name,
        'See whether SMS_WEBHOOK_URL answers within five seconds.',
      );
    }
  }
}

function unavailable(platformCode: string, fix: string): AppError {
  return new AppError('sms_unavailable', 'The code could not be sent.', {
    operator: { call: 'SMS_WEBHOOK_URL', platformCode, fix },
  });
}

import { createHmac, hkdfSync, randomInt } from 'node:crypto';

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AppError } from '../common/app-error.js';
import { Clock } from '../common/clock.js';
import { isSameText } from '../common/is-same-text.js';
import { Secret } from '../common/secret.js';
import { Config } from '../config/config.js';
import { Sweeper } from '../database/sweeper.js';
import { type Limit, RateLimiter, sourceOf } from '../rate-limits/rate-limiter.js';
import { type PhoneCodeMessage, SmsSender } from '../sms/sms-sender.js';

/** What a code proves: it is good for this attempt, this purpose and this number alone. */
export interface PhoneProof {
  /** The id of the attempt. */
  readonly subject: string;
  readonly purpose: 'sign-up' | 'sign-in';
  /** E.164. */
  readonly phone: string;
}

/** Who asks for a code, for the limits. */
export interface CodeRequest extends PhoneProof {
  /** The connection's slug. */
  readonly connection: string;
  readonly ip: string | undefined;
  readonly language: PhoneCodeMessage['language'];
}

const codeMinutes = 5;
const tries = 5;
/** How long until another code may be sent in the same attempt. */
export const resendSeconds = 60;
const hourSeconds = 3600;

/**
 * Proves that a person holds a phone number: six digits by SMS, five minutes, five tries, bound to the attempt. Only a keyed hash is
 * stored; a code is used up when it is right.
 */
@Injectable()
export class PhoneVerification implements OnModuleInit {
  readonly #keys: readonly Buffer[];

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly limits: RateLimiter,
    private readonly sms: SmsSender,
    private readonly sweeper: Sweeper,
  ) {
    this.#keys = config.secretKeys.map((key) =>
      Buffer.from(hkdfSync('sha256', key, '', 'lingpai phone codes', 32)),
    );
  }

  onModuleInit(): void {
    this.sweeper.add('expired phone codes', async () => {
      await this.dataSource.query(`delete from phone_codes where expires_at <= $1`, [
        this.clock.now(),
      ]);
    });
  }

  /**
   * Sends a new code; the one before is void.
   * @throws AppError `too_many_requests`, `sms_unavailable`, `phone_invalid`
   */
  async send(request: CodeRequest): Promise<void> {
    const { subject, purpose, phone } = request;
    await this.limits.take(this.#limitsOf(request));
    const code = new Secret(String(randomInt(1_000_000)).padStart(6, '0'));
    const hash = this.#hash(request, code.reveal(), this.#keys[0]);
    await this.dataSource.query(
      `insert into phone_codes (subject, purpose, phone, code_hash, tries_left, expires_at) values ($1, $2, $3, $4, $5, $6)
       on conflict (subject, purpose) do update
          set phone = excluded.phone, code_hash = excluded.code_hash, tries_left = excluded.tries_left,
              expires_at = excluded.expires_at`,
      [
        subject,
        purpose,
        phone,
        hash,
        tries,
        new Date(this.clock.now().getTime() + codeMinutes * 60_000),
      ],
    );
    const { language } = request;
    try {
      await this.sms.sendCode({ phone, code, validMinutes: codeMinutes, language });
    } catch (error) {
      await this.limits.forget(againKey(request));
      throw error;
    }
  }

  /**
   * Uses a code up. Of guesses that race, no more than five are looked at, and one right one wins.
   * @throws AppError `phone_code_wrong` with the tries that are left, `phone_code_expired` when there is none to be right about
   */
  async verify(proof: PhoneProof, code: string): Promise<void> {
    const { subject, purpose, phone } = proof;
    const digits = code.normalize('NFKC').replace(/\s/g, '');
    const [[row]] = await this.dataSource.query<
      [{ code_hash: string; tries_left: number }[], number]
    >(
      `update phone_codes set tries_left = tries_left - 1
        where subject = $1 and purpose = $2 and phone = $3 and tries_left > 0 and expires_at > $4
        returning code_hash, tries_left`,
      [subject, purpose, phone, this.clock.now()],
    );
    if (!row) throw expired();
    const right = this.#keys.some((key) =>
      isSameText(this.#hash(proof, digits, key), row.code_hash),
    );
    if (!right) {
      throw new AppError('phone_code_wrong', 'That is not the code that was sent.', {
        triesLeft: row.tries_left,
      });
    }
    const [, used] = await this.dataSource.query<[unknown[], number]>(
      `delete from phone_codes where subject = $1 and purpose = $2 and code_hash = $3`,
      [subject, purpose, row.code_hash],
    );
    if (used === 0) throw expired();
  }

  #limitsOf(request: CodeRequest): readonly Limit[] {
    const { phone, connection, ip } = request;
    const { perPhonePerHour, perIpPerHour, perConnectionPerHour } = this.config.smsLimits;
    const windowSeconds = hourSeconds;
    return [
      { key: againKey(request), limit: 1, windowSeconds: resendSeconds },
      ...(ip ? [{ key: `sms:ip:${sourceOf(ip)}`, limit: perIpPerHour, windowSeconds }] : []),
      { key: `sms:phone:${phone}`, limit: perPhonePerHour, windowSeconds },
      { key: `sms:connection:${connection}`, limit: perConnectionPerHour, windowSeconds },
    ];
  }

  #hash(
    { subject, purpose, phone }: PhoneProof,
    code: string,
    key: Buffer = Buffer.alloc(0),
  ): string {
    return createHmac('sha256', key)
      .update(JSON.stringify([subject, purpose, phone, code]))
      .digest('base64url');
  }
}

function againKey({ subject, phone }: PhoneProof): string {
  return `sms:again:${subject}:${phone}`;
}

function expired(): AppError {
  return new AppError('phone_code_expired', 'The code is not good any more. Ask for a new one.');
}

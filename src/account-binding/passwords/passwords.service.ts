import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import { RateLimiter, sourceOf } from '../../rate-limits/rate-limiter.js';
import { PhoneAccountsRepository } from '../phone-accounts.repository.js';
import { refusal } from '../refusals.js';
import { hashPassword, passwordFault, verifyPassword } from './password-hash.js';

/** Whose password it was. */
export interface PasswordOwner {
  readonly accountId: string;
  /** Whether the administrator who set it wants another one before the person goes on. */
  readonly mustChange: boolean;
}

/** A first password that was right, and is to be changed. */
export interface ShownPassword {
  readonly accountId: string;
  readonly phone: string;
  /** When the sign-in began in which it was shown: one that was set since is another. */
  readonly shownAfter: Date;
}

/** Tries from one address, whatever the number: somebody who tries one password on many. */
const triesPerAddress = 100;
const hourSeconds = 3600;

interface Row {
  readonly account_id: string;
  readonly status: 'active' | 'disabled';
  readonly hash: string;
  readonly must_change: boolean;
}

/** Sign-in by phone and password, where an administrator set one; failures make the next try wait. */
@Injectable()
export class Passwords {
  /** Compared with where there is no such account, so that both answers take as long. */
  #decoy: Promise<string> | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly phones: PhoneAccountsRepository,
    private readonly limits: RateLimiter,
    private readonly clock: Clock,
  ) {}

  /**
   * Checks a password. The answer does not tell whether there is such an account.
   * @param phone E.164
   * @throws AppError `password_wrong`, `too_many_requests`, `account_disabled` (to who knows the password)
   */
  async check(phone: string, password: string, ip: string | undefined): Promise<PasswordOwner> {
    const address = ip && `password:ip:${sourceOf(ip)}`;
    if (address) {
      await this.limits.take([
        { key: address, limit: triesPerAddress, windowSeconds: hourSeconds },
      ]);
    }
    await this.limits.tryGuess(guessKey(phone));
    const row = await this.#find(phone);
    const right = await verifyPassword(row?.hash ?? (await this.#decoyHash()), password);
    if (!row || !right)
      throw new AppError('password_wrong', 'The number or the password is not right.');
    await this.limits.forget(guessKey(phone));
    // An office behind one address signs in more often than anybody guesses.
    if (address) await this.limits.giveBack(address);
    if (row.status !== 'active') throw refusal('account_disabled');
    return { accountId: row.account_id, mustChange: row.must_change };
  }

  /**
   * Notes that the person signed in.
   * @throws AppError `binding_conflict` when the account changed in the meantime
   */
  async noteSignIn(accountId: string, phone: string): Promise<void> {
    if (await this.phones.noteSignIn(accountId, phone, this.clock.now())) return;
    throw new AppError(
      'binding_conflict',
      'This sign-in met another change to the same account. Please try again.',
    );
  }

  /**
   * Takes the password that the person chose in place of the one that was set for them, and that they have shown.
   * @throws AppError `password_unsuitable`, `sign_in_expired` when it is another by now, or none
   */
  async change({ accountId, phone, shownAfter }: ShownPassword, password: string): Promise<void> {
    const fault = passwordFault(password, { phone });
    if (fault !== undefined) throw new AppError('password_unsuitable', fault);
    const row = await this.#find(phone);
    if (row && (await verifyPassword(row.hash, password)))
      throw new AppError('password_unsuitable', 'The new password must differ from the old one.');
    const [, changed] = await this.dataSource.query<[unknown[], number]>(
      `update account_passwords set hash = $2, must_change = false, changed_at = $3
        where account_id = $1 and changed_at < $4`,
      [accountId, await hashPassword(password), this.clock.now(), shownAfter],
    );
    if (changed === 0)
      throw new AppError('sign_in_expired', 'The password was changed meanwhile. Begin anew.');
  }

  async #find(phone: string): Promise<Row | undefined> {
    const [row] = await this.dataSource.query<Row[]>(
      `select a.id as account_id, a.status, p.hash, p.must_change
         from accounts a join account_passwords p on p.account_id = a.id
        where a.phone = $1 and a.phone_verified`,
      [phone],
    );
    return row;
  }

  #decoyHash(): Promise<string> {
    this.#decoy ??= hashPassword('a password that nobody has');
    return this.#decoy;
  }
}

function guessKey(phone: string): string {
  return `password:phone:${phone}`;
}

import { Injectable } from '@nestjs/common';
import { parse, serialize } from 'cookie';

import type { ErrorCode } from '../../common/app-error.js';
import { Encryption } from '../../common/encryption.js';
import { Config } from '../../config/config.js';

/** How the installation behind one state ended. */
export type InstallOutcome =
  | { readonly kind: 'installed'; readonly corpId: string; readonly name?: string }
  | { readonly kind: 'failed'; readonly code: ErrorCode };

/** As long as a state lives: what comes later is refused anyway. */
const cookieSeconds = 1800;
const rememberedMs = 60_000;

/**
 * What a reload of the callback is shown, which must not trade the code a second time. The browser keeps the outcome, sealed for its
 * state, so that any replica can show it; a browser that reloads before the answer came finds it here.
 */
@Injectable()
export class InstallOutcomes {
  readonly #recent = new Map<string, Promise<InstallOutcome>>();
  readonly #secure: boolean;

  constructor(
    config: Config,
    private readonly encryption: Encryption,
  ) {
    this.#secure = config.issuerUrl.startsWith('https:');
  }

  /** @param work is done once, and never throws */
  first(stateHash: string, work: () => Promise<InstallOutcome>): Promise<InstallOutcome> {
    const outcome = work();
    this.#recent.set(stateHash, outcome);
    void outcome.then(() => setTimeout(() => this.#recent.delete(stateHash), rememberedMs).unref());
    return outcome;
  }

  /** @returns `undefined` where the first answer was lost, and another replica gave it */
  async again(
    stateHash: string,
    cookieHeader: string | undefined,
  ): Promise<InstallOutcome | undefined> {
    const sealed = parse(cookieHeader ?? '')[this.#name];
    const kept = sealed === undefined ? undefined : this.#open(sealed, stateHash);
    return kept ?? (await this.#recent.get(stateHash));
  }

  /** The `Set-Cookie` header that keeps an outcome in its browser, for this callback alone. */
  cookie(slug: string, stateHash: string, outcome: InstallOutcome): string {
    const sealed = this.encryption.encrypt(JSON.stringify(outcome), contextOf(stateHash));
    return serialize(this.#name, sealed, {
      httpOnly: true,
      sameSite: 'lax',
      path: `/install/${slug}/callback`,
      maxAge: cookieSeconds,
      secure: this.#secure,
    });
  }

  get #name(): string {
    return this.#secure ? '__Secure-lingpai_install' : 'lingpai_install';
  }

  /** Sealed for another state, or by somebody else: as if it were not there. */
  #open(sealed: string, stateHash: string): InstallOutcome | undefined {
    try {
      return JSON.parse(this.encryption.decrypt(sealed, contextOf(stateHash))) as InstallOutcome;
    } catch {
      return undefined;
    }
  }
}

function contextOf(stateHash: string): string {
  return `install-outcome:${stateHash}`;
}

import { Injectable } from '@nestjs/common';

import { Config } from '../../../config/config.js';
import { ConnectionRegistry } from '../../../connections/connection.registry.js';
import type { BrowserAnswer, BrowserRequest } from '../browser-request.js';
import type { Unsettled } from '../person-sign-in.js';
import { BrowserCookie } from '../sign-in-state.js';
import { StepsRepository } from './steps.repository.js';

/** Begins what a person is asked beyond the platform: the rest is in `steps.ts`. */
@Injectable()
export class BeginStep {
  readonly #cookie: BrowserCookie;

  constructor(
    config: Config,
    private readonly connections: ConnectionRegistry,
    private readonly steps: StepsRepository,
  ) {
    this.#cookie = new BrowserCookie(config.issuerUrl.startsWith('https:'));
  }

  /** A sign-in with the account's own phone. */
  async local(
    interactionUid: string,
    slug: string,
    browser: BrowserRequest,
  ): Promise<BrowserAnswer> {
    const provider = (await this.connections.find(slug))?.provider;
    const byCode = provider?.platform === 'local' && provider.methods.phoneCode;
    const known = this.#cookie.read(browser.cookie);
    const secret = known ?? this.#cookie.newValue();
    const id = await this.steps.create(secret, {
      kind: 'local',
      stage: byCode ? 'phone' : 'password',
      interactionUid,
      stateHash: undefined,
      connection: slug,
      identity: undefined,
      directoryRead: false,
    });
    return {
      kind: 'redirect',
      url: stepPath(id),
      ...(!known && { setCookie: this.#cookie.headers(secret) }),
    };
  }

  /**
   * A first sign-in whose person has to say more.
   * @param browser the secret in the browser's cookie, with which the callback came
   * @returns the path of the next page
   */
  async signUp(
    attempt: { readonly stateHash: string; readonly connection: string },
    interactionUid: string,
    { question, proven }: Unsettled,
    browser: string,
  ): Promise<string> {
    const id = await this.steps.create(browser, {
      kind: 'sign-up',
      stage: question,
      interactionUid,
      stateHash: attempt.stateHash,
      connection: attempt.connection,
      identity: proven.identity,
      directoryRead: proven.directoryRead,
    });
    return stepPath(id);
  }
}

/** The path of a step's page. */
export function stepPath(id: string): string {
  return `/continue/${id}`;
}

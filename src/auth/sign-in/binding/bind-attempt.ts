import { Injectable } from '@nestjs/common';

import { AppError } from '../../../common/app-error.js';
import type { OpenConnection } from '../../../connections/connection.registry.js';
import type { Attempt, Goal } from '../attempts.repository.js';
import { PersonSignIn, type SignInOrigin } from '../person-sign-in.js';
import { type BindingLink, BindingLinksRepository } from './binding-links.repository.js';
import { returnUrl } from './binding-link.js';

/** Back from the platform on the way of a binding link: whom it has proven is kept for the page that asks for the click. */
@Injectable()
export class BindAttempt {
  constructor(
    private readonly links: BindingLinksRepository,
    private readonly people: PersonSignIn,
  ) {}

  /**
   * @param browser the secrets that the browser holds
   * @returns where the browser goes on; `undefined` when the link has expired
   */
  async back(
    connection: OpenConnection,
    attempt: Attempt,
    goal: Extract<Goal, { kind: 'bind' }>,
    reading: { readonly code: string } | { readonly refusal: AppError },
    browser: readonly string[],
    origin: SignInOrigin,
  ): Promise<string | undefined> {
    const link = await this.links.findOpened(goal.ticketHash, browser);
    if (!link) return undefined;
    try {
      if ('refusal' in reading) throw reading.refusal;
      const proven = await this.people.prove(connection, attempt, reading.code);
      const { bound, identity, directoryRead } = proven;
      const isOwn = bound?.account.id === link.accountId;
      if (isOwn && !bound.leftAt) return await this.#end(link, { binding: 'ok' });
      if (bound && !isOwn)
        throw new AppError('identity_already_bound', 'This identity belongs to another account.');
      await this.links.prove(link.id, { identity, directoryRead });
      return `/bind/confirm/${link.id}`;
    } catch (error) {
      // Whoever binds is signed in already.
      this.people.noteFailure(connection.slug, error, origin, 'goes on');
      const code = error instanceof AppError ? error.code : 'internal_error';
      return this.#end(link, { error: code });
    }
  }

  async #end(link: BindingLink, result: Readonly<Record<string, string>>): Promise<string> {
    await this.links.end(link.id);
    return returnUrl(link.returnTo, result);
  }
}

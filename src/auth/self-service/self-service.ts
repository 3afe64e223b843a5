import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { AccountsRepository } from '../../account-binding/accounts.repository.js';
import { type AccountView, viewOf } from '../../account-binding/administration/account.view.js';
import { IdentityRemoval } from '../../account-binding/administration/identity-removal.js';
import {
  type IdentityView,
  IdentityViews,
} from '../../account-binding/administration/identity-views.js';
import { endSessionsOfAccount } from '../../account-binding/sessions.js';
import { AuditService } from '../../audit/audit.service.js';
import type { Actor } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { Clock } from '../../common/clock.js';
import type { PageOf, PageQuery } from '../../common/page-of.js';
import { Config } from '../../config/config.js';
import { ConnectionRegistry } from '../../connections/connection.registry.js';
import { ClientRegistry } from '../issuer/clients/client.registry.js';
import { BindingLinksRepository } from '../sign-in/binding/binding-links.repository.js';

/** How old a sign-in may be for what changes the ways in. */
const freshMs = 5 * 60_000;

/** What a signed-in person may see and do about themselves; the API and the pages are two doors to it. */
@Injectable()
export class SelfService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: Config,
    private readonly accounts: AccountsRepository,
    private readonly identities: IdentityViews,
    private readonly removal: IdentityRemoval,
    private readonly connections: ConnectionRegistry,
    private readonly clients: ClientRegistry,
    private readonly links: BindingLinksRepository,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `account_not_found` */
  async account(accountId: string): Promise<AccountView> {
    const account = await this.accounts.findAccount(accountId);
    if (!account) throw new AppError('account_not_found', 'There is no such account.');
    return viewOf(account);
  }

  identitiesOf(accountId: string): Promise<readonly IdentityView[]> {
    return this.identities.ofAccount(accountId);
  }

  identityPage(accountId: string, query: PageQuery): Promise<PageOf<IdentityView>> {
    return this.identities.page(accountId, query);
  }

  /** @throws AppError `fresh_sign_in_required`, `identity_not_found`, `last_sign_in_method` */
  async unbind(
    accountId: string,
    identityId: string,
    signedInAt: Date | undefined,
    actor: Actor,
  ): Promise<void> {
    this.requireFresh(signedInAt);
    await this.removal.remove(accountId, identityId, false, actor);
  }

  /**
   * Makes a link that binds one more identity, for a client that acts for the person.
   * @throws AppError `fresh_sign_in_required`, `value_not_allowed`, `connection_not_found`
   */
  async beginBinding(
    accountId: string,
    signedInAt: Date | undefined,
    connection: string,
    returnTo: string,
    clientId: string,
  ): Promise<{ url: string }> {
    this.requireFresh(signedInAt);
    const client = await this.clients.find(clientId);
    const registered = [...(client?.redirectUris ?? []), ...(client?.postLogoutRedirectUris ?? [])];
    if (!registered.includes(returnTo)) {
      throw new AppError('value_not_allowed', 'The address to return to is not registered.', {
        errors: [
          {
            field: 'returnTo',
            message:
              'must be, byte for byte, one of the redirectUris or postLogoutRedirectUris of the client',
          },
        ],
      });
    }
    if (client?.connections && !client.connections.includes(connection)) throw noSuchConnection();
    return { url: await this.#link(accountId, connection, returnTo, clientId) };
  }

  /** The same for our own page. */
  async beginOwnBinding(
    accountId: string,
    signedInAt: Date | undefined,
    connection: string,
  ): Promise<string> {
    this.requireFresh(signedInAt);
    return this.#link(accountId, connection, `${this.config.issuerUrl}/account`, undefined);
  }

  /** Ends every session and every token that can be called back. */
  async signOutEverywhere(accountId: string, actor: Actor): Promise<void> {
    await this.dataSource.transaction((manager) => endSessionsOfAccount(manager, accountId));
    this.audit.record({ action: 'sessions.end', outcome: 'ok', accountId, ...actor });
  }

  /** @throws AppError `fresh_sign_in_required` */
  requireFresh(signedInAt: Date | undefined): void {
    if (this.isFresh(signedInAt)) return;
    throw new AppError(
      'fresh_sign_in_required',
      'This asks for a sign-in that is not older than five minutes: sign in again (prompt=login), then repeat it.',
    );
  }

  isFresh(signedInAt: Date | undefined): boolean {
    return signedInAt !== undefined && this.clock.now().getTime() - signedInAt.getTime() <= freshMs;
  }

  async #link(
    accountId: string,
    slug: string,
    returnTo: string,
    clientId: string | undefined,
  ): Promise<string> {
    const connection = await this.connections.find(slug);
    if (!connection?.enabled || connection.platform === 'local') throw noSuchConnection();
    const ticket = await this.links.create({ accountId, connection: slug, returnTo, clientId });
    return `${this.config.issuerUrl}/bind/${ticket}`;
  }
}

function noSuchConnection(): AppError {
  return new AppError('connection_not_found', 'There is no such connection to bind with.');
}

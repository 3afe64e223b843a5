import { Injectable } from '@nestjs/common';

import { AuditService } from '../../audit/audit.service.js';
import type { CallingActor } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { Config } from '../../config/config.js';
import { InstallableConnections } from '../../connections/tenants/installable-connections.js';
import { RateLimiter } from '../../rate-limits/rate-limiter.js';
import { ClientRegistry } from '../issuer/clients/client.registry.js';
import type { InstallLinkView } from './install-links.dto.js';
import { InstallLinksRepository } from './install-links.repository.js';

/** A vendor's own pages may ask for one at each visit; a loop gone wild must not fill the table. */
const making = { limit: 600, windowSeconds: 3600 };

/** Makes the links by which corps install an app (DESIGN 12). */
@Injectable()
export class InstallLinks {
  constructor(
    private readonly config: Config,
    private readonly connections: InstallableConnections,
    private readonly clients: ClientRegistry,
    private readonly links: InstallLinksRepository,
    private readonly limits: RateLimiter,
    private readonly audit: AuditService,
  ) {}

  /** @throws AppError `connection_not_found`, `value_not_allowed`, `too_many_requests` */
  async create(
    slug: string,
    returnTo: string | undefined,
    actor: CallingActor,
  ): Promise<InstallLinkView> {
    const { clientId } = actor;
    await this.connections.find(slug);
    if (returnTo !== undefined) await this.#requireRegistered(returnTo, clientId);
    await this.limits.take([{ key: `install-links:${clientId}`, ...making }]);
    const { ticket, expiresAt } = await this.links.create({
      connection: slug,
      returnTo,
      clientId,
    });
    this.audit.record({ action: 'install_link.create', outcome: 'ok', connection: slug, ...actor });
    return { url: `${this.config.issuerUrl}/install/${ticket}`, expiresAt };
  }

  async #requireRegistered(returnTo: string, clientId: string): Promise<void> {
    const client = await this.clients.find(clientId);
    const registered = [...(client?.redirectUris ?? []), ...(client?.postLogoutRedirectUris ?? [])];
    if (registered.includes(returnTo)) return;
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
}

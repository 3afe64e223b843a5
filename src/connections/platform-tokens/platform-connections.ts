import { Injectable } from '@nestjs/common';

import type { Provider } from '../../auth/providers/provider.js';
import { AppError } from '../../common/app-error.js';
import { ConnectionRegistry, type OpenConnection } from '../connection.registry.js';

/** A connection behind which a platform stands. */
export type PlatformConnection = OpenConnection & { readonly provider: Provider };

/** Connections by their slug, for calls that only make sense where there is a platform. */
@Injectable()
export class PlatformConnections {
  constructor(private readonly registry: ConnectionRegistry) {}

  /**
   * @param which a disabled connection serves nobody, but may be looked at
   * @throws AppError `connection_not_found`, `value_not_allowed` for a local connection
   */
  async find(
    slug: string,
    which: 'enabled' | 'even if disabled' = 'enabled',
  ): Promise<PlatformConnection> {
    const connection = await this.registry.find(slug);
    if (!connection || (which === 'enabled' && !connection.enabled)) {
      throw new AppError(
        'connection_not_found',
        connection ? 'The connection is disabled.' : 'There is no such connection.',
      );
    }
    const { provider } = connection;
    if (provider.platform === 'local') {
      throw new AppError('value_not_allowed', 'No platform stands behind this connection.', {
        errors: [{ field: 'slug', message: 'must name a connection to a platform' }],
      });
    }
    return { ...connection, provider };
  }

  /** As `find`. */
  async providerOf(slug: string, which?: 'even if disabled'): Promise<Provider> {
    return (await this.find(slug, which)).provider;
  }
}

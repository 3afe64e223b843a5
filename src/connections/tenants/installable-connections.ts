import { Injectable } from '@nestjs/common';

import type { Installing } from '../../auth/providers/installations.js';
import type { Provider } from '../../auth/providers/provider.js';
import { AppError } from '../../common/app-error.js';
import type { OpenConnection } from '../connection.registry.js';
import { PlatformConnections } from '../platform-tokens/platform-connections.js';

/** A connection to an app that corps install. */
export type InstallableConnection = OpenConnection & {
  readonly provider: Provider & { readonly installing: Installing };
};

/** Connections by their slug, for calls that only make sense where corps install an app. */
@Injectable()
export class InstallableConnections {
  constructor(private readonly connections: PlatformConnections) {}

  /**
   * @param which a disabled connection serves nobody, but its tenants may be looked at
   * @throws AppError `connection_not_found`, `value_not_allowed` where nothing can be installed
   */
  async find(slug: string, which?: 'even if disabled'): Promise<InstallableConnection> {
    const connection = await this.connections.find(slug, which);
    if (canInstall(connection)) return connection;
    throw new AppError('value_not_allowed', 'No corp installs the app of this connection.', {
      errors: [{ field: 'slug', message: 'must name a connection of a service provider' }],
    });
  }
}

function canInstall(connection: OpenConnection): connection is InstallableConnection {
  const { provider } = connection;
  return provider.platform !== 'local' && provider.installing !== undefined;
}

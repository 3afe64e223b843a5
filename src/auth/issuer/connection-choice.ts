import { Injectable } from '@nestjs/common';

import { ConnectionRegistry, type OpenConnection } from '../../connections/connection.registry.js';

/** The part of a client that says which connections it offers. */
export interface OffersConnections {
  /** Slugs; absent: all. */
  readonly connections?: readonly string[];
}

/** Which connections a person may choose from, and when there is nothing left to choose. */
@Injectable()
export class ConnectionChoice {
  constructor(private readonly connections: ConnectionRegistry) {}

  /** The enabled connections of a client, in the client's order. */
  async possible(client: OffersConnections): Promise<readonly OpenConnection[]> {
    const enabled = (await this.connections.list()).filter((connection) => connection.enabled);
    const { connections: offered } = client;
    if (!offered) return enabled;
    return offered.flatMap((slug) => enabled.filter((connection) => connection.slug === slug));
  }

  async isPossible(client: OffersConnections, slug: string): Promise<boolean> {
    return (await this.possible(client)).some((connection) => connection.slug === slug);
  }

  /**
   * What the login page offers. Inside a platform's own client only that platform's connections make sense;
   * one that is asked for by name stands alone.
   */
  async offered(
    client: OffersConnections,
    userAgent: string,
    requestedSlug: string | undefined,
  ): Promise<readonly OpenConnection[]> {
    const possible = await this.possible(client);
    const requested = possible.filter((connection) => connection.slug === requestedSlug);
    if (requested.length > 0) return requested;
    const atHome = possible.filter(
      ({ provider }) => provider.platform !== 'local' && provider.inApp.recognises(userAgent),
    );
    return atHome.length > 0 ? atHome : possible;
  }
}

/** Reads `connection:<slug>` and `connection:<slug>/<corpid>`; any other hint says nothing to us. */
export function parseLoginHint(hint: string | undefined): { slug?: string; tenant?: string } {
  const match = /^connection:([a-z0-9][a-z0-9-]{0,30})(?:\/([\w-]{1,64}))?$/.exec(hint ?? '');
  if (!match?.[1]) return {};
  return { slug: match[1], ...(match[2] && { tenant: match[2] }) };
}

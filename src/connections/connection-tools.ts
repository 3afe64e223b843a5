import type { ProviderTools } from '../auth/providers/provider.js';

/** Hands each connection's provider what it works with; made in the composition root. */
export abstract class ConnectionTools {
  abstract for(slug: string): ProviderTools;
}

import { type Adapter, type AdapterFactory, errors, Provider } from 'oidc-provider';

import type { ClientMetadataSource } from './client-metadata.js';
import type { EntryPayload, OidcStore } from './oidc-store.js';

/** Grants that were read along with a code or refresh token, for the length of the request that read them. */
const readAlong = new WeakMap<object, Map<string, EntryPayload>>();

/** What outlives a request and may be ended from elsewhere while one is under way. */
const lasting = new Set(['Session', 'Grant']);
/** The lasting entries that a request has read: it changes them, and never brings one back. */
const readBefore = new WeakMap<object, Set<string>>();

/**
 * The engine's storage. Clients come from our registry; everything else from `OidcStore`.
 * `consume` decides races: the one conditional UPDATE that changes a row wins, every other caller is refused.
 */
export function oidcAdapter(store: OidcStore, clients: ClientMetadataSource): AdapterFactory {
  return (model) => (model === 'Client' ? clientAdapter(clients) : entryAdapter(model, store));
}

function entryAdapter(model: string, store: OidcStore): Adapter {
  return {
    async upsert(id, payload, expiresInSeconds) {
      const request = currentRequest();
      const wasRead = request && readBefore.get(request)?.has(`${model} ${id}`);
      if (wasRead) return store.update(model, id, payload, expiresInSeconds ?? 0);
      const isWritten = await store.upsert(model, id, payload, expiresInSeconds ?? 0);
      // Whoever left in the very instant of the sign-in gets no tokens. A session that is not there needs no words.
      if (!isWritten && model === 'Grant')
        throw new errors.AccessDenied('not_a_member: This person has just left the company.');
    },

    async find(id) {
      const request = currentRequest();
      if (model === 'Grant' && request) {
        const known = readAlong.get(request)?.get(id);
        if (known) return known;
      }
      // The last step of a sign-in: read once, gone at once.
      if (model === 'Interaction' && request?.oidc?.route === 'resume') {
        return await store.take(model, id);
      }
      const entry = await store.find(model, id);
      if (entry && request && lasting.has(model)) {
        readBefore.set(request, (readBefore.get(request) ?? new Set()).add(`${model} ${id}`));
      }
      if (entry?.grant && request) {
        const grants = readAlong.get(request) ?? new Map<string, EntryPayload>();
        readAlong.set(request, grants.set(String(entry.grant['jti']), entry.grant));
      }
      return entry?.payload;
    },

    findByUid: async (uid) => await store.findByUid(model, uid),

    async consume(id) {
      if (await store.consume(model, id)) return;
      await store.revokeGrantOf(model, id);
      throw new errors.InvalidGrant({ detail: `${model} was used by another request` });
    },

    async destroy(id) {
      if (model === 'Interaction' && currentRequest()?.oidc?.route === 'resume') return;
      await store.destroy(model, id);
    },

    revokeByGrantId: (grantId) => store.revokeByGrantId(model, grantId),
    // Only the device flow has user codes, and it is off.
    findByUserCode: () => Promise.resolve(undefined),
  };
}

function clientAdapter(clients: ClientMetadataSource): Adapter {
  const readOnly = (): Promise<never> =>
    Promise.reject(new Error('clients are not changed through the engine'));
  return {
    find: (clientId) => clients.find(clientId),
    upsert: readOnly,
    consume: readOnly,
    destroy: readOnly,
    revokeByGrantId: readOnly,
    findByUid: readOnly,
    findByUserCode: readOnly,
  };
}

function currentRequest(): { oidc?: { route?: string } } | undefined {
  return Provider.ctx;
}

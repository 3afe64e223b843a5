import { ClientFields, clientDefinition } from '../../auth/issuer/clients/client.fields.js';
import { type Fault, readAs } from '../../common/faults.js';
import { readConnection } from '../connection.definition.js';
import type { Definition } from '../stored-definitions.js';
import { ProvisioningError, readProvisioningFile } from './provisioning-file.js';

/** What the provisioning file says, every entry checked. */
export interface Provisioned {
  readonly connections: readonly Definition[];
  readonly clients: readonly Definition[];
}

/**
 * Reads the file and checks every entry, as far as that goes without the database.
 * @throws ProvisioningError naming every fault by its place
 */
export function readProvisioning(path: string, env: NodeJS.ProcessEnv): Provisioned {
  const file = readProvisioningFile(path, env);
  const faults: Fault[] = [];
  const connections = file.connections.flatMap((plain, index) => {
    const read = readConnection(plain);
    faults.push(...read.faults.map((fault) => `connections[${index}].${fault}`));
    if (!read.definition) return [];
    const { fields, settings, secrets } = read.definition;
    return [
      { key: fields.slug, platform: fields.platform, enabled: fields.enabled, settings, secrets },
    ];
  });
  const slugs = new Set(file.connections.map((plain) => plain['slug']));
  const clients = file.clients.flatMap((plain, index) => {
    const { value, faults: own } = readAs(ClientFields, plain);
    faults.push(...own.map((fault) => `clients[${index}].${fault}`));
    const unknown =
      own.length > 0 ? undefined : value.connections?.find((slug) => !slugs.has(slug));
    if (unknown !== undefined)
      faults.push(`clients[${index}].connections: no connection has the slug ${unknown}`);
    return own.length > 0 ? [] : [clientDefinition(value)];
  });
  faults.push(
    ...duplicates(file.connections, 'connections', 'slug'),
    ...duplicates(file.clients, 'clients', 'clientId'),
  );
  const all = [...file.faults, ...elsewhere(faults, file.faults)];
  if (all.length > 0) throw new ProvisioningError(path, all);
  return { connections, clients };
}

/** The faults of other places: what a missing variable has left empty is not to be blamed for that. */
function elsewhere(faults: readonly Fault[], known: readonly Fault[]): readonly Fault[] {
  const places = new Set(known.map(placeOf));
  return faults.filter((fault) => !places.has(placeOf(fault)));
}

function placeOf(fault: Fault): string {
  return fault.slice(0, fault.indexOf(': '));
}

function duplicates(
  entries: readonly Readonly<Record<string, unknown>>[],
  section: string,
  key: string,
): Fault[] {
  return entries.flatMap((entry, index) =>
    entry[key] !== undefined && entries.findIndex((other) => other[key] === entry[key]) < index
      ? [`${section}[${index}].${key}: stands twice`]
      : [],
  );
}

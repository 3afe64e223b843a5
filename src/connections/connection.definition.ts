import { providerFactories } from '../auth/providers/provider.factories.js';
import type { AnyProvider, ProviderTools } from '../auth/providers/provider.js';
import { type Fault, fieldsOf, readAs } from '../common/faults.js';
import { ConnectionFields } from './connection.fields.js';

/** A connection as someone defined it: the fields that all have, and its platform's own. */
export interface ConnectionDefinition {
  readonly fields: ConnectionFields;
  /** What is stored in plain: all fields but the secret ones. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What is stored encrypted. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Checks a definition against the common fields and those of its platform. */
export function readConnection(plain: Readonly<Record<string, unknown>>): {
  definition?: ConnectionDefinition;
  faults: Fault[];
} {
  const common = fieldsOf(ConnectionFields);
  const { value: fields, faults } = readAs(
    ConnectionFields,
    pick(plain, (name) => common.has(name)),
  );
  if (!Object.hasOwn(providerFactories, fields.platform)) return { faults };

  const factory = providerFactories[fields.platform];
  const own = pick(plain, (name) => !common.has(name));
  const platform = readAs<object>(factory.settings, own);
  const allFaults = [...faults, ...platform.faults];
  if (allFaults.length > 0) return { faults: allFaults };

  const secretNames: readonly string[] = factory.secrets;
  const { slug: _slug, platform: _platform, enabled: _enabled, ...shared } = fields;
  return {
    definition: {
      fields,
      settings: {
        ...shared,
        ...asRead(
          platform.value,
          pick(own, (name) => !secretNames.includes(name)),
        ),
      },
      secrets: pick(own, (name) => secretNames.includes(name)) as Record<string, string>,
    },
    faults: [],
  };
}

/** What was given, in the type that it is read as: an id that YAML or JSON holds as a number is a text. */
function asRead(value: object, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const read = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(given).map(([name, each]) => [
      name,
      typeof each === 'number' ? read[name] : each,
    ]),
  );
}

/** Opens the provider behind a definition that has been checked. */
export function openProvider(
  plain: Readonly<Record<string, unknown>>,
  tools: ProviderTools,
): AnyProvider {
  const common = fieldsOf(ConnectionFields);
  const { value: fields } = readAs(
    ConnectionFields,
    pick(plain, (name) => common.has(name)),
  );
  const factory = providerFactories[fields.platform];
  const { value, faults } = readAs<object>(
    factory.settings,
    pick(plain, (name) => !common.has(name)),
  );
  if (faults.length > 0)
    throw new Error(
      `the stored connection ${fields.slug} is not valid any more: ${faults.join('; ')}`,
    );
  return factory.open(value as never, tools);
}

function pick(
  from: Readonly<Record<string, unknown>>,
  wanted: (name: string) => boolean,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(from).filter(([name]) => wanted(name)));
}

import { providerFactories } from '../auth/providers/provider.factories.js';
import type { AnyProvider, AnyProviderFactory, ProviderTools } from '../auth/providers/provider.js';
import { type Fault, fieldsOf, readAs } from '../common/faults.js';
import { ConnectionFields } from './connection.fields.js';
import { withoutSecrets, withSecretsInPlace } from './nested-secrets.js';

/** A connection as someone defined it: the fields that all have, and its platform's own. */
export interface ConnectionDefinition {
  readonly fields: ConnectionFields;
  /** What is stored in plain: all fields but the secret ones. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What is stored encrypted, by place: `secret`, `loginSuite.suiteSecret`. */
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * Checks a definition against the common fields and those of its platform. What stands inside a field may come beside it by its place, as
 * secrets are kept: who changes the rest of that field need not know them.
 */
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

  const factory: AnyProviderFactory = providerFactories[fields.platform];
  const own = withSecretsInPlace(
    pick(plain, (name) => !common.has(name)),
    factory.secrets,
  );
  const platform = readAs<object>(factory.settings, own);
  const allFaults = [...faults, ...faultsTogether(fields, factory), ...platform.faults];
  if (allFaults.length > 0) return { faults: allFaults };

  const { rest, secrets } = withoutSecrets(own, factory.secrets);
  const { slug: _slug, platform: _platform, enabled: _enabled, ...shared } = fields;
  return {
    definition: {
      fields,
      settings: {
        ...shared,
        ...asRead(platform.value, rest),
      },
      secrets,
    },
    faults: [],
  };
}

/** Fields of a platform that are fixed once a connection was made. */
export function fixedFieldsOf(platform: string | undefined): readonly string[] {
  if (platform === undefined || !Object.hasOwn(providerFactories, platform)) return [];
  const factory: AnyProviderFactory = providerFactories[platform as keyof typeof providerFactories];
  return factory.fixed ?? [];
}

/** What two fields together may not say. */
function faultsTogether(fields: ConnectionFields, factory: AnyProviderFactory): Fault[] {
  return factory.servesManyCorps && fields.matchPhone
    ? ['matchPhone: must be false: the administrator of any corp could type in any number']
    : [];
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
  const factory: AnyProviderFactory = providerFactories[fields.platform];
  const own = pick(plain, (name) => !common.has(name));
  const { value, faults } = readAs<object>(
    factory.settings,
    withSecretsInPlace(own, factory.secrets),
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

import {
  ApiProperty,
  ApiPropertyOptional,
  ApiSchema,
  getSchemaPath,
  IntersectionType,
  OmitType,
  PartialType,
} from '@nestjs/swagger';

import { providerFactories } from '../auth/providers/provider.factories.js';
import { type AnyProviderFactory, type Platform, platforms } from '../auth/providers/provider.js';
import { ConnectionFields } from './connection.fields.js';

/** What the API tells of a connection beside its fields. */
class ConnectionState {
  @ApiProperty({ type: [String], description: 'Which secrets are set; none is ever shown.' })
  readonly secretsSet: readonly string[];

  @ApiProperty({ description: 'Whether the provisioning file owns it: read-only here then.' })
  readonly managedByFile: boolean;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt: Date;

  @ApiProperty({ format: 'date-time' })
  readonly updatedAt: Date;
}

/** A connection as the API shows it: all its fields, the secret ones left out. */
export interface ConnectionView extends ConnectionState {
  readonly slug: string;
  readonly platform: string;
  readonly enabled: boolean;
  /** The other common fields, and those of its platform. */
  readonly [field: string]: unknown;
}

type Model = new () => object;

/** For the documentation alone: what every connection has beside what its platform's settings class has. */
const models = platforms.map((platform) => {
  const { settings, secrets }: AnyProviderFactory = providerFactories[platform];
  const shown: Model = OmitType(settings, secrets as never[]);
  const create = named('New', platform, IntersectionType(ConnectionFields, settings));
  return {
    platform,
    create,
    change: named('Change', platform, PartialType(create)),
    view: named('', platform, IntersectionType(ConnectionFields, shown, ConnectionState)),
  };
});

export const connectionModels = models.flatMap(({ create, change, view }) => [
  create,
  change,
  view,
]);

/** A new connection of any platform; `null` stands for what is left out. */
export const newConnectionSchema = byPlatform('create');

/** The fields that change; `null` takes an optional one away. */
export const connectionChangeSchema = { anyOf: models.map(({ change }) => refTo(change)) };

/** A connection of any platform. */
export const connectionSchema = byPlatform('view');

export class ConnectionPage {
  @ApiProperty({ type: 'array', items: connectionSchema })
  readonly items: readonly ConnectionView[];

  @ApiProperty({ type: String, nullable: true })
  readonly nextCursor: string | null;
}

/** One thing that was tried with a connection's credentials. */
export class CredentialCheckView {
  @ApiProperty({ example: 'app-token' })
  readonly name: string;

  @ApiProperty()
  readonly ok: boolean;

  @ApiPropertyOptional({ description: 'Our code.' })
  readonly code?: string;

  @ApiPropertyOptional({ description: 'The code of the platform.' })
  readonly platformCode?: string;

  @ApiPropertyOptional()
  readonly message?: string;

  @ApiPropertyOptional({ description: 'What to do about it.' })
  readonly fix?: string;
}

export class CheckView {
  @ApiProperty({ description: 'Whether every check passed.' })
  readonly ok: boolean;

  @ApiProperty({ type: [CredentialCheckView] })
  readonly checks: readonly CredentialCheckView[];
}

/** `New` and `wecom-self-built` make `NewWecomSelfBuiltConnection`. */
function named(prefix: string, platform: Platform, model: Model): Model {
  const words = platform.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  ApiSchema({ name: `${prefix}${words.join('')}Connection` })(model);
  ApiProperty({ enum: [platform], type: String, required: prefix !== 'Change' })(
    model.prototype as object,
    'platform',
  );
  return model;
}

function refTo(model: Model): { readonly $ref: string } {
  return { $ref: getSchemaPath(model) };
}

function byPlatform(kind: 'create' | 'view') {
  return {
    oneOf: models.map((each) => refTo(each[kind])),
    discriminator: {
      propertyName: 'platform',
      mapping: Object.fromEntries(models.map((each) => [each.platform, refTo(each[kind]).$ref])),
    },
  };
}

import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

import { type SignUp, signUpWays } from '../account-binding/binding-rules.js';
import { type Platform, platforms } from '../auth/providers/provider.js';

/** What every connection has; its platform's own fields stand beside them (DESIGN 5). For the documentation alone. */
class ConnectionBody {
  @ApiPropertyOptional({ maxLength: 60 })
  readonly displayName?: string;

  @ApiPropertyOptional({ default: true })
  readonly enabled?: boolean;

  @ApiPropertyOptional({ enum: signUpWays, default: 'auto' })
  readonly signUp?: SignUp;

  @ApiPropertyOptional({ default: false, description: 'With `signUp: ask`.' })
  readonly askAdministrator?: boolean;

  @ApiPropertyOptional({ default: false })
  readonly matchPhone?: boolean;

  @ApiPropertyOptional({ type: [String] })
  readonly defaultRoles?: readonly string[];

  @ApiPropertyOptional({ enum: ['on-create', 'every-login'], default: 'on-create' })
  readonly syncProfile?: 'on-create' | 'every-login';

  @ApiPropertyOptional({ type: [String], description: 'Web origins for a JSAPI signature.' })
  readonly jsapiOrigins?: readonly string[];

  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } })
  readonly domainVerification?: Readonly<Record<string, string>>;
}

/** Changes of a connection: the fields that are given, `null` takes an optional one away. Further fields as the platform has them. */
export class ChangeConnectionBody extends ConnectionBody {}

/** A new connection. Further fields as the platform has them: `clientId`, `clientSecret`, `corpId`, `agentId`, `secret` … */
export class CreateConnectionBody extends ConnectionBody {
  @ApiProperty({ pattern: '^[a-z0-9][a-z0-9-]{0,30}$', description: 'Fixed once made.' })
  readonly slug: string;

  @ApiProperty({ enum: platforms, description: 'Fixed once made.' })
  readonly platform: Platform;
}

/** A connection as the API shows it: all its fields, the secret ones left out. */
export class ConnectionView extends ConnectionBody {
  @ApiProperty()
  readonly slug: string;

  @ApiProperty({ enum: platforms })
  readonly platform: string;

  @ApiProperty({ type: [String], description: 'Which secrets are set; none is ever shown.' })
  readonly secretsSet: readonly string[];

  @ApiProperty({ description: 'Whether the provisioning file owns it: read-only here then.' })
  readonly managedByFile: boolean;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt: Date;

  @ApiProperty({ format: 'date-time' })
  readonly updatedAt: Date;
}

export class ConnectionPage {
  @ApiProperty({ type: [ConnectionView] })
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

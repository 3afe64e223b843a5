import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

import { grantTypes } from './client.fields.js';

/** What an OAuth client has (DESIGN 5). For the documentation alone: `ClientFields` holds the rules. */
class ClientBody {
  @ApiPropertyOptional({ description: 'Left out: `true`.' })
  readonly enabled?: boolean;

  @ApiPropertyOptional({ type: [String] })
  readonly redirectUris?: readonly string[];

  @ApiPropertyOptional({ type: [String] })
  readonly postLogoutRedirectUris?: readonly string[];

  @ApiPropertyOptional({ type: String, nullable: true })
  readonly initiateLoginUri?: string | null;

  @ApiPropertyOptional({ type: [String], nullable: true, description: 'Slugs; absent: all.' })
  readonly connections?: readonly string[] | null;

  @ApiPropertyOptional({ type: [String] })
  readonly scopes?: readonly string[];

  @ApiPropertyOptional({ type: String, nullable: true, description: 'aud of its access tokens.' })
  readonly audience?: string | null;

  @ApiPropertyOptional({ enum: grantTypes, isArray: true })
  readonly grantTypes?: readonly string[];

  @ApiPropertyOptional({ description: 'Left out: `true`.' })
  readonly requirePkce?: boolean;

  @ApiPropertyOptional({ enum: ['web', 'native'], description: 'Left out: `web`.' })
  readonly applicationType?: 'web' | 'native';
}

/** Changes of a client: the fields that are given, `null` takes an optional one away. */
export class ChangeClientBody extends ClientBody {
  @ApiPropertyOptional({ maxLength: 60 })
  readonly displayName?: string;

  @ApiPropertyOptional({ type: String, nullable: true, minLength: 16, writeOnly: true })
  readonly clientSecret?: string | null;
}

/** A new client. Without a secret it is a public one (PKCE only). */
export class CreateClientBody extends ClientBody {
  @ApiProperty()
  readonly clientId: string;

  @ApiProperty({ maxLength: 60 })
  readonly displayName: string;

  @ApiPropertyOptional({ type: String, nullable: true, minLength: 16, writeOnly: true })
  readonly clientSecret?: string | null;

  @ApiPropertyOptional({ description: 'Makes a secret, shown once in the answer.' })
  readonly generateSecret?: boolean;
}

/** A client as the API shows it. */
export class ClientView extends ClientBody {
  @ApiProperty()
  readonly clientId: string;

  @ApiProperty()
  readonly displayName: string;

  @ApiProperty({ description: 'Whether it has a secret; none is ever shown again.' })
  readonly hasSecret: boolean;

  @ApiProperty({ description: 'Whether the provisioning file owns it: read-only here then.' })
  readonly managedByFile: boolean;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt: Date;

  @ApiProperty({ format: 'date-time' })
  readonly updatedAt: Date;
}

/** A client that was just made; with its secret, where one was made for it. */
export class CreatedClientView extends ClientView {
  @ApiPropertyOptional({ description: 'Shown this once.' })
  readonly clientSecret?: string;
}

export class ClientPage {
  @ApiProperty({ type: [ClientView] })
  readonly items: readonly ClientView[];

  @ApiProperty({ type: String, nullable: true })
  readonly nextCursor: string | null;
}

export class ClientSecretView {
  @ApiProperty({ description: 'Shown this once.' })
  readonly clientSecret: string;
}

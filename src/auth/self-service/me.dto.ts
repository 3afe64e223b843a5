import { ApiProperty } from '@nestjs/swagger';
import { IsString, Matches, MaxLength } from 'class-validator';

import { slugPattern } from '../../connections/connection.fields.js';

/** Asks for a link that binds one more identity. */
export class CreateBindingDto {
  @ApiProperty({ description: 'The slug of a connection.', example: 'wecom-hq' })
  @Matches(slugPattern, { message: 'must be the slug of a connection' })
  connection: string;

  @ApiProperty({
    description:
      'Where the browser comes back to: byte for byte one of the redirectUris or postLogoutRedirectUris of the calling client. It gets binding=ok or error=<code>.',
  })
  @IsString()
  @MaxLength(2000)
  returnTo: string;
}

/** A link that binds one more identity. */
export class BindingView {
  @ApiProperty({
    format: 'uri',
    description: 'Works once, for ten minutes, and only where this person is signed in.',
  })
  readonly url: string;
}

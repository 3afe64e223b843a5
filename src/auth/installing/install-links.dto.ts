import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';

import { IfGiven } from '../../common/validation.js';

/** Asks for a link by which a corp installs an app. */
export class InstallLinkDto {
  @ApiPropertyOptional({
    description:
      'Where the browser comes back to: byte for byte one of the redirectUris or postLogoutRedirectUris of the calling client. It gets installed=ok or error=<code>. Left out: a page of ours.',
  })
  @IfGiven()
  @IsString()
  @MaxLength(2000)
  returnTo?: string;
}

/** A link by which a corp installs an app. */
export class InstallLinkView {
  @ApiProperty({
    format: 'uri',
    description: 'Goes to an administrator of the corp; may be opened often.',
  })
  readonly url: string;

  @ApiProperty({ format: 'date-time' })
  readonly expiresAt: Date;
}

import { Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiProperty,
  ApiTags,
} from '@nestjs/swagger';

import { type Actor, CurrentActor, RequiresScope } from '../../../common/access.js';
import { Limited } from '../../../common/limited.js';
import { type PageOf, PageQuery, pageOfWhole } from '../../../common/page-of.js';
import { KeyAdministration } from './key-administration.js';
import type { KeyState } from './key-schedule.js';
import { SigningKeys } from './signing-keys.js';

/** A key that signs tokens; its private part is never shown. */
export class SigningKeyView {
  @ApiProperty()
  readonly kid: string;

  @ApiProperty({ enum: ['RS256', 'ES256', 'EdDSA'] })
  readonly alg: string;

  @ApiProperty({
    enum: ['next', 'signing', 'retiring'],
    description:
      'next: published, not signing yet; retiring: published until its last token has expired.',
  })
  readonly state: KeyState;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt: Date;

  @ApiProperty({ format: 'date-time' })
  readonly signsFrom: Date;
}

export class SigningKeyPage {
  @ApiProperty({ type: [SigningKeyView] })
  readonly items: readonly SigningKeyView[];

  @ApiProperty({ type: String, nullable: true })
  readonly nextCursor: string | null;
}

@ApiTags('signing-keys')
@ApiBearerAuth()
@Controller('api/v1/signing-keys')
@RequiresScope('keys:write')
@Limited('api')
export class SigningKeysController {
  constructor(
    private readonly keys: SigningKeys,
    private readonly administration: KeyAdministration,
  ) {}

  @Get()
  @ApiOkResponse({ type: SigningKeyPage })
  list(@Query() query: PageQuery): PageOf<SigningKeyView> {
    return pageOfWhole(this.keys.list(), query, ({ signsFrom, kid }) => [
      signsFrom.toISOString(),
      kid,
    ]);
  }

  /** Makes the next key; one that waits for its turn already is answered instead. */
  @Post('rotate')
  @ApiCreatedResponse({ type: SigningKeyView })
  rotate(@CurrentActor() actor: Actor): Promise<SigningKeyView> {
    return this.administration.rotate(actor);
  }

  /** Takes a key back at once, e.g. a stolen one: what it has signed is accepted no more. Where it was signing, another one goes on. */
  @Delete(':kid')
  @HttpCode(204)
  @ApiNoContentResponse()
  async revoke(@Param('kid') kid: string, @CurrentActor() actor: Actor): Promise<void> {
    await this.administration.revoke(kid, actor);
  }
}

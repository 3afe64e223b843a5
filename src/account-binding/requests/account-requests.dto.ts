import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsUUID } from 'class-validator';

import { PageQuery } from '../../common/page-of.js';
import { IfGiven } from '../../common/validation.js';

export const requestStates = ['pending', 'accepted', 'rejected'] as const;
export type RequestState = (typeof requestStates)[number];

/** Somebody who asked an administrator for an account, at their first sign-in. */
export class AccountRequestView {
  @ApiProperty({ format: 'uuid' })
  readonly id: string;

  @ApiProperty({ enum: requestStates })
  readonly status: RequestState;

  @ApiProperty()
  readonly issuer: string;

  @ApiProperty()
  readonly subject: string;

  @ApiProperty({ description: 'The slug of the connection.' })
  readonly connection: string;

  @ApiProperty({ type: String, nullable: true, description: 'What the platform calls the person.' })
  readonly displayName: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly tenant: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The account that it was bound to.' })
  readonly accountId: string | null;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly decidedAt: Date | null;

  @ApiProperty({ type: String, nullable: true, description: 'client:<id>' })
  readonly decidedBy: string | null;
}

export class AccountRequestPage {
  @ApiProperty({ type: [AccountRequestView] })
  readonly items: readonly AccountRequestView[];

  @ApiProperty({ type: String, nullable: true })
  readonly nextCursor: string | null;
}

export class AccountRequestQuery extends PageQuery {
  @ApiPropertyOptional({ enum: requestStates })
  @IsOptional()
  @IsIn(requestStates, { message: `must be one of ${requestStates.join(', ')}` })
  status?: RequestState;
}

export class AcceptRequestDto {
  @ApiPropertyOptional({
    format: 'uuid',
    description: 'The account that the identity joins; left out: a new one is made.',
  })
  @IfGiven()
  @IsUUID(undefined, { message: 'must be the id of an account' })
  accountId?: string;
}

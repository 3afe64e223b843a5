import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsOptional, IsString, IsUUID, Matches, MaxLength } from 'class-validator';

import { PageQuery } from '../common/page-of.js';

export const auditOutcomes = ['ok', 'refused', 'failed'] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** One thing that happened: who, what, when, from where, with what outcome, and why. */
export class AuditEventView {
  @ApiProperty({ description: 'Grows with time.', example: '1024' })
  readonly id: string;

  @ApiProperty({ format: 'date-time' })
  readonly at: Date;

  @ApiProperty({ example: 'sign_in' })
  readonly action: string;

  @ApiProperty({ enum: auditOutcomes })
  readonly outcome: AuditOutcome;

  @ApiProperty({ type: String, nullable: true, description: 'A code, or the rule that decided.' })
  readonly reason: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'client:<id>, account:<id> or cli; null: the person whom the event is about.',
  })
  readonly actor: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly accountId: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly connection: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly clientId: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly ip: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly requestId: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  readonly details: Readonly<Record<string, unknown>> | null;
}

export class AuditEventPage {
  @ApiProperty({ type: [AuditEventView] })
  readonly items: readonly AuditEventView[];

  @ApiProperty({ type: String, nullable: true })
  readonly nextCursor: string | null;
}

/** A day alone, or a time without its zone, would mean something else on each server. */
const instant =
  /^(?!0000)\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;

const IsInstant = (): PropertyDecorator => {
  const said = { message: 'must be an instant, e.g. 2026-01-31T08:00:00Z' };
  return applyDecorators(Matches(instant, said), IsISO8601({ strict: true }, said));
};

/** Which events; all conditions together. */
export class AuditQuery extends PageQuery {
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(64)
  action?: string;

  @ApiPropertyOptional({ enum: auditOutcomes })
  @IsOptional()
  @IsIn(auditOutcomes, { message: `must be one of ${auditOutcomes.join(', ')}` })
  outcome?: AuditOutcome;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID(undefined, { message: 'must be the id of an account' })
  accountId?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(64)
  connection?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(100)
  clientId?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(120)
  actor?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(64)
  requestId?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Not before.' })
  @IsOptional()
  @IsInstant()
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Before.' })
  @IsOptional()
  @IsInstant()
  to?: string;
}

import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  MaxLength,
  ValidateBy,
} from 'class-validator';

import { type AccountEventType, accountEventTypes } from '../account-binding/account-events.js';
import { PageQuery } from '../common/page-of.js';
import { IfGiven } from '../common/validation.js';

const IsWebhookUrl = (): PropertyDecorator =>
  ValidateBy({
    name: 'isWebhookUrl',
    validator: {
      validate: (value: unknown) => {
        // What the parser mends or passes over is refused: what is kept is what is meant.
        if (typeof value !== 'string' || !/^https?:\/\/[^\s\p{Control}\\#]+$/iu.test(value))
          return false;
        if (!URL.canParse(value)) return false;
        const { username, password } = new URL(value);
        return !username && !password;
      },
      defaultMessage: () => 'must be an http:// or https:// URL without user and fragment',
    },
  });

export class CreateWebhookDto {
  @ApiProperty({ format: 'uri', description: 'https in production.' })
  @MaxLength(2000)
  @IsWebhookUrl()
  url: string;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 200 })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  description?: string | null;

  @ApiPropertyOptional({ enum: accountEventTypes, isArray: true, description: 'Default: all.' })
  @IfGiven()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(accountEventTypes, { each: true, message: `must be among ${accountEventTypes.join(', ')}` })
  events?: AccountEventType[];

  @ApiPropertyOptional({ description: 'Default: true.' })
  @IfGiven()
  @IsBoolean()
  enabled?: boolean;
}

export class ChangeWebhookDto {
  @ApiPropertyOptional({ format: 'uri' })
  @IfGiven()
  @MaxLength(2000)
  @IsWebhookUrl()
  url?: string;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 200 })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  description?: string | null;

  @ApiPropertyOptional({ enum: accountEventTypes, isArray: true })
  @IfGiven()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(accountEventTypes, { each: true, message: `must be among ${accountEventTypes.join(', ')}` })
  events?: AccountEventType[];

  @ApiPropertyOptional()
  @IfGiven()
  @IsBoolean()
  enabled?: boolean;
}

/** Somebody who is told what happens to accounts. */
export class WebhookView {
  @ApiProperty({ format: 'uuid' })
  readonly id: string;

  @ApiProperty({ format: 'uri' })
  readonly url: string;

  @ApiProperty({ type: String, nullable: true })
  readonly description: string | null;

  @ApiProperty({ enum: accountEventTypes, isArray: true })
  readonly events: readonly string[];

  @ApiProperty()
  readonly enabled: boolean;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt: Date;

  @ApiProperty({ format: 'date-time' })
  readonly updatedAt: Date;
}

export class CreatedWebhookView extends WebhookView {
  @ApiProperty({ description: 'Shown this once: what deliveries are signed with.' })
  readonly secret: string;
}

export class WebhookPage {
  @ApiProperty({ type: [WebhookView] })
  readonly items: readonly WebhookView[];

  @ApiProperty({ type: String, nullable: true })
  readonly nextCursor: string | null;
}

export class WebhookSecretView {
  @ApiProperty({ description: 'Shown this once.' })
  readonly secret: string;
}

export const deliveryStates = ['pending', 'delivered', 'failed'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** One event on its way to one webhook. */
export class DeliveryView {
  @ApiProperty({ format: 'uuid' })
  readonly id: string;

  @ApiProperty({ format: 'uuid', description: 'The webhook-id header: the same in every attempt.' })
  readonly eventId: string;

  @ApiProperty({ example: 'account.created' })
  readonly type: string;

  @ApiProperty({ enum: deliveryStates })
  readonly status: DeliveryState;

  @ApiProperty({ type: 'integer' })
  readonly attempts: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly nextAttemptAt: Date | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'The HTTP status of the last answer.',
  })
  readonly lastStatus: number | null;

  @ApiProperty({ type: String, nullable: true })
  readonly lastError: string | null;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly deliveredAt: Date | null;
}

export class DeliveryWithBody extends DeliveryView {
  @ApiProperty({ description: 'Exactly what is sent.' })
  readonly body: string;
}

export class DeliveryPage {
  @ApiProperty({ type: [DeliveryView] })
  readonly items: readonly DeliveryView[];

  @ApiProperty({ type: String, nullable: true })
  readonly nextCursor: string | null;
}

export class DeliveryQuery extends PageQuery {
  @ApiPropertyOptional({ enum: deliveryStates })
  @IsOptional()
  @IsIn(deliveryStates, { message: `must be one of ${deliveryStates.join(', ')}` })
  status?: DeliveryState;
}

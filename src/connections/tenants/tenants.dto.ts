import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';

import type { InstallationStatus } from '../../auth/providers/installations.js';

/** What we may make of a corp that installed an app. */
export const ourStatuses = ['active', 'suspended'] as const;
export type OurStatus = (typeof ourStatuses)[number];

/** A corp that installed a service provider's app, as the API shows it (DESIGN 12). */
export class TenantView {
  @ApiProperty({ description: 'As this provider sees the corp. Case matters.' })
  readonly corpId: string;

  @ApiProperty({ type: String, nullable: true })
  readonly name: string | null;

  @ApiProperty({
    enum: ['active', 'suspended', 'cancelled'],
    description:
      '`suspended`: by us, and stays so when the corp cancels or installs anew; `cancelled`: by the corp.',
  })
  readonly status: InstallationStatus;

  @ApiProperty({ type: String, nullable: true, description: 'Of the app in this corp.' })
  readonly agentId: string | null;

  @ApiProperty({ format: 'date-time' })
  readonly installedAt: Date;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the corp took the app away; null while it has it.',
  })
  readonly cancelledAt: Date | null;
}

export class TenantPage {
  @ApiProperty({ type: [TenantView] })
  readonly items: readonly TenantView[];

  @ApiProperty({ type: String, nullable: true })
  readonly nextCursor: string | null;
}

/** A corp after its ids have changed. */
export class MigratedTenantView {
  @ApiProperty({ type: TenantView, description: 'Under its new id.' })
  readonly tenant: TenantView;

  @ApiProperty({ type: 'integer', description: 'How many identities got new ids.' })
  readonly people: number;
}

export class TenantChangeDto {
  @ApiProperty({
    enum: ourStatuses,
    description: '`suspended` signs the people of the corp out at once, and lets none in.',
  })
  @IsIn(ourStatuses, { message: 'must be active or suspended' })
  status: OurStatus;
}

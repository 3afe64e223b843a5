import { ApiProperty } from '@nestjs/swagger';

import type { Account, AccountStatus, Gender } from '../account.entity.js';

/** An account as the API shows it (DESIGN 12). */
export class AccountView {
  @ApiProperty({ format: 'uuid', description: 'The `sub` of every token.' })
  readonly id: string;

  @ApiProperty({ type: String, nullable: true })
  readonly displayName: string | null;

  @ApiProperty({ type: String, nullable: true, example: '+8613800000000', description: 'E.164.' })
  readonly phone: string | null;

  @ApiProperty()
  readonly phoneVerified: boolean;

  @ApiProperty({ type: String, nullable: true })
  readonly email: string | null;

  @ApiProperty()
  readonly emailVerified: boolean;

  @ApiProperty({ type: String, nullable: true })
  readonly avatarUrl: string | null;

  @ApiProperty({ enum: ['male', 'female'], nullable: true })
  readonly gender: Gender | null;

  @ApiProperty({ type: String, nullable: true, example: 'zh-CN' })
  readonly locale: string | null;

  @ApiProperty({ type: [String] })
  readonly roles: readonly string[];

  @ApiProperty({ enum: ['active', 'disabled'] })
  readonly status: AccountStatus;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt: Date;

  @ApiProperty({ format: 'date-time' })
  readonly updatedAt: Date;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readonly lastSignInAt: Date | null;
}

export class AccountPage {
  @ApiProperty({ type: [AccountView] })
  readonly items: readonly AccountView[];

  @ApiProperty({ type: String, nullable: true })
  readonly nextCursor: string | null;
}

/** @param account a row of `accounts`, as the entity or with the entity's names */
export function viewOf(account: Account): AccountView {
  const { revision: _revision, ...view } = account;
  return { ...view };
}

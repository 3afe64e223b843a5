import { Module } from '@nestjs/common';

import { Reencryption } from './reencryption.js';

/** The way from one SECRET_KEY to the next. Knows no room: each registers where it keeps what is sealed. */
@Module({ providers: [Reencryption], exports: [Reencryption] })
export class ReencryptionModule {}

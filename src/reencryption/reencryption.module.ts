import { Module } from '@nestjs/common';

import { KeyCheck } from './key-check.js';
import { Reencryption } from './reencryption.js';

/** The way from one SECRET_KEY to the next. Knows no room: each registers where it keeps what is sealed. */
@Module({ providers: [KeyCheck, Reencryption], exports: [KeyCheck, Reencryption] })
export class ReencryptionModule {}

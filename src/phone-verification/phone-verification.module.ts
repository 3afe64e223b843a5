import { Module } from '@nestjs/common';

import { RateLimitsModule } from '../rate-limits/rate-limits.module.js';
import { SmsModule } from '../sms/sms.module.js';
import { PhoneVerification } from './phone-verification.service.js';

/** Proof that a person holds a phone number. */
@Module({
  imports: [RateLimitsModule, SmsModule],
  providers: [PhoneVerification],
  exports: [PhoneVerification],
})
export class PhoneVerificationModule {}

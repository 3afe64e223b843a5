import type { Secret } from '../common/secret.js';

/** A code on its way to a phone. */
export interface PhoneCodeMessage {
  /** E.164, e.g. `+8613800000000`. */
  readonly phone: string;
  /** Six digits. */
  readonly code: Secret;
  readonly validMinutes: number;
  readonly language: 'zh-CN' | 'en';
}

/** The way to people's phones: the operator chooses one implementation by `SMS_SENDER`. Type and injection token at once. */
export abstract class SmsSender {
  /**
   * Hands a code to the operator's SMS service, once: a message that may have gone out is not sent again.
   * @throws AppError `sms_unavailable` when the service did not take it (the operator hint holds its own code and the fix),
   * `phone_invalid` when it says that there is no such number, `too_many_requests` when it limits this number
   */
  abstract sendCode(message: PhoneCodeMessage): Promise<void>;
}

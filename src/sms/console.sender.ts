import { maskPhone } from '../account-binding/phone-number.js';
import type { Logger } from '../common/logger.js';
import { type PhoneCodeMessage, SmsSender } from './sms-sender.js';

/** For development: the code goes to the log, and nowhere else. It is refused in production. */
export class ConsoleSender extends SmsSender {
  constructor(private readonly logger: Logger) {
    super();
  }

  override sendCode({ phone, code }: PhoneCodeMessage): Promise<void> {
    this.logger.info(
      { phone: maskPhone(phone), code: code.reveal() },
      'a code by SMS; SMS_SENDER=console prints it instead of sending it',
    );
    return Promise.resolve();
  }
}

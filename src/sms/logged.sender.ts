import { maskPhone } from '../account-binding/phone-number.js';
import { AppError } from '../common/app-error.js';
import type { Logger } from '../common/logger.js';
import { type PhoneCodeMessage, SmsSender } from './sms-sender.js';

/** Leaves a line for the operator where a code was not sent: the service's own code, and what to do about it. */
export class LoggedSender extends SmsSender {
  constructor(
    private readonly inner: SmsSender,
    private readonly logger: Logger,
  ) {
    super();
  }

  override async sendCode(message: PhoneCodeMessage): Promise<void> {
    try {
      await this.inner.sendCode(message);
    } catch (error) {
      const foreseen = error instanceof AppError;
      // What one number meets is no fault of the set-up.
      const level = !foreseen ? 'error' : error.code === 'sms_unavailable' ? 'warn' : 'info';
      this.logger[level](
        { err: error, phone: maskPhone(message.phone) },
        'a code by SMS was not sent',
      );
      throw error;
    }
  }
}

import { AppError } from '../common/app-error.js';
import { SmsSender } from './sms-sender.js';

/** Nothing is set up: every message is refused, and the operator is told why. */
export class NoSender extends SmsSender {
  override sendCode(): Promise<void> {
    return Promise.reject(
      new AppError('sms_unavailable', 'No code can be sent at the moment.', {
        operator: { fix: 'Set SMS_SENDER to webhook, aliyun or tencent, with what it needs.' },
      }),
    );
  }
}

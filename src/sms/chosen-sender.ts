import type { Clock } from '../common/clock.js';
import type { Logger } from '../common/logger.js';
import type { Config } from '../config/config.js';
import { AliyunSender } from './aliyun.sender.js';
import { ConsoleSender } from './console.sender.js';
import { NoSender } from './no.sender.js';
import type { SmsSender } from './sms-sender.js';
import { TencentSender } from './tencent.sender.js';
import { WebhookSender } from './webhook.sender.js';

/** The sender that the operator chose. */
export function chosenSender(
  { sms, outboundProxy }: Pick<Config, 'sms' | 'outboundProxy'>,
  clock: Clock,
  logger: Logger,
): SmsSender {
  switch (sms.sender) {
    case 'none':
      return new NoSender();
    case 'console':
      return new ConsoleSender(logger);
    case 'webhook':
      return new WebhookSender(sms.url, sms.secret, clock);
    case 'aliyun':
      if (outboundProxy) {
        logger.warn({}, 'Aliyun’s SDK takes no proxy: codes by SMS go past OUTBOUND_PROXY');
      }
      return new AliyunSender(sms);
    case 'tencent':
      return new TencentSender(sms, outboundProxy);
  }
}

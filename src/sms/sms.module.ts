import { Module } from '@nestjs/common';

import { Clock } from '../common/clock.js';
import { Logger } from '../common/logger.js';
import { Config } from '../config/config.js';
import { AliyunSender } from './aliyun.sender.js';
import { ConsoleSender } from './console.sender.js';
import { NoSender } from './no.sender.js';
import { SmsSender } from './sms-sender.js';
import { TencentSender } from './tencent.sender.js';
import { WebhookSender } from './webhook.sender.js';

/** How codes reach phones: the one sender that the operator chose. */
@Module({
  providers: [
    {
      provide: SmsSender,
      inject: [Config, Clock, Logger],
      useFactory: ({ sms, outboundProxy }: Config, clock: Clock, logger: Logger): SmsSender => {
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
      },
    },
  ],
  exports: [SmsSender],
})
export class SmsModule {}

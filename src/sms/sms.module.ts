import { Module } from '@nestjs/common';

import { Clock } from '../common/clock.js';
import { Logger } from '../common/logger.js';
import { Config } from '../config/config.js';
import { chosenSender } from './chosen-sender.js';
import { LoggedSender } from './logged.sender.js';
import { SmsSender } from './sms-sender.js';

/** How codes reach phones: the one sender that the operator chose. Who may have a code, and how often, others decide. */
@Module({
  providers: [
    {
      provide: SmsSender,
      inject: [Config, Clock, Logger],
      useFactory: (config: Config, clock: Clock, logger: Logger): SmsSender =>
        new LoggedSender(chosenSender(config, clock, logger), logger),
    },
  ],
  exports: [SmsSender],
})
export class SmsModule {}

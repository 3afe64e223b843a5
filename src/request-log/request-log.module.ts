import { Module } from '@nestjs/common';

import { RequestWatch } from './request-watch.middleware.js';

/** What is seen of each request: in the log, the metrics and the traces. */
@Module({ providers: [RequestWatch], exports: [RequestWatch] })
export class RequestLogModule {}

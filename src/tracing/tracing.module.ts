import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';

import { DataSource } from 'typeorm';

import { Logger } from '../common/logger.js';
import { NoTracer, Tracer } from '../common/tracer.js';
import { Config } from '../config/config.js';
import { traceStatements } from './database-spans.js';

/** Traces, off unless they have somewhere to go. Any room may make spans. */
@Global()
@Module({
  providers: [
    {
      provide: Tracer,
      inject: [Config, Logger, DataSource],
      useFactory: async (
        { tracesUrl }: Config,
        logger: Logger,
        dataSource: DataSource,
      ): Promise<Tracer> => {
        if (tracesUrl === undefined) return new NoTracer();
        // Loaded here alone: what is off costs neither memory nor time at the start.
        const { openTelemetryTracer } = await import('./open-telemetry-tracer.js');
        const tracer = openTelemetryTracer(tracesUrl, logger);
        traceStatements(dataSource, tracer);
        return tracer;
      },
    },
  ],
  exports: [Tracer],
})
export class TracingModule implements OnApplicationShutdown {
  constructor(private readonly tracer: Tracer) {}

  async onApplicationShutdown(): Promise<void> {
    await this.tracer.close();
  }
}

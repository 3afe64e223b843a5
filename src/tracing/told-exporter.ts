import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

import type { Logger } from '../common/logger.js';

type ExportDone = Parameters<SpanExporter['export']>[1];

/** OpenTelemetry's word for "it was sent". */
const success = 0;

/** Says once that the collector takes no traces, and once that it takes them again: nobody else would. */
export class ToldExporter implements SpanExporter {
  #isAway = false;

  constructor(
    private readonly inner: SpanExporter,
    private readonly logger: Logger,
  ) {}

  export(spans: ReadableSpan[], done: ExportDone): void {
    this.inner.export(spans, (result) => {
      this.#note((result.code as number) === success, result.error);
      done(result);
    });
  }

  async shutdown(): Promise<void> {
    await this.inner.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.inner.forceFlush?.();
  }

  #note(wasSent: boolean, error: unknown): void {
    if (wasSent === !this.#isAway) return;
    this.#isAway = !wasSent;
    if (wasSent) this.logger.info({}, 'traces are sent again');
    else
      this.logger.warn(
        { err: error },
        'traces cannot be sent and are dropped; nothing else suffers from it',
      );
  }
}

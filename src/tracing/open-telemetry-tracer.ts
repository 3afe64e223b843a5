import {
  type Context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer as OpenTelemetry,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

import type { Logger } from '../common/logger.js';
import { packageVersion } from '../common/package-version.js';
import { type OpenSpan, type SpanEnd, type SpanStart, Tracer } from '../common/tracer.js';
import { currentWork, outsideWork, type SpanMark } from '../common/work-context.js';
import { ToldExporter } from './told-exporter.js';

/** How long a collector may take, and how long the end waits for it. */
const exportLimitMs = 5000;
const closeLimitMs = 1500;

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
};

/** What a span is known by, with the span itself: the parts of its work are its children. */
class OpenMark implements SpanMark {
  readonly traceId: string;
  readonly spanId: string;

  constructor(readonly span: Span) {
    const { traceId, spanId } = span.spanContext();
    this.traceId = traceId;
    this.spanId = spanId;
  }
}

/**
 * Spans by OpenTelemetry, sent in batches as OTLP over HTTP. Which span is whose child follows from the work that is under way, so
 * nothing of the libraries is patched; and a platform is never told of a trace. Sampling is as the standard variables say
 * (OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG).
 */
export class OpenTelemetryTracer extends Tracer {
  readonly #tracer: OpenTelemetry;

  constructor(private readonly provider: BasicTracerProvider) {
    super();
    this.#tracer = provider.getTracer('lingpai');
  }

  override begin({
    name,
    kind = 'internal',
    attributes = {},
    traceparent,
    agoMs,
  }: SpanStart): OpenSpan {
    // Told no time, it measures by the finer clock.
    const startTime = agoMs === undefined ? {} : { startTime: Date.now() - agoMs };
    const options = { kind: kinds[kind], attributes, ...startTime };
    const parent = parentOf(traceparent);
    // What the libraries set going on the way is not the work of whoever happened to come first.
    const span = outsideWork(() => this.#tracer.startSpan(name, options, parent));
    return {
      mark: new OpenMark(span),
      end: (end = {}) => outsideWork(() => finish(span, end)),
    };
  }

  override async close(): Promise<void> {
    const late = new Promise<void>((resolve) => setTimeout(resolve, closeLimitMs).unref());
    await Promise.race([this.provider.shutdown().catch(() => undefined), late]);
  }
}

/** @param url the base address of a collector, to which the path is added */
export function openTelemetryTracer(url: string, logger: Logger): Tracer {
  const exporter = new OTLPTraceExporter({
    url: `${url.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: exportLimitMs,
  });
  const processor = new BatchSpanProcessor(new ToldExporter(exporter, logger), {
    exportTimeoutMillis: exportLimitMs,
  });
  // The standard variables OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES add to it, or know better.
  const resource = resourceFromAttributes({
    'service.name': 'lingpai',
    'service.version': packageVersion(),
  }).merge(detectResources({ detectors: [envDetector] }));
  return new OpenTelemetryTracer(
    new BasicTracerProvider({ resource, spanProcessors: [processor] }),
  );
}

function finish(span: Span, { name, attributes, failure }: SpanEnd): void {
  if (name !== undefined) span.updateName(name);
  if (attributes) span.setAttributes(attributes);
  if (failure !== undefined) {
    span.setAttribute('error.type', failure);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

/** The caller's span where it names one, else the one that is under way. */
function parentOf(traceparent: string | undefined): Context {
  const given = traceparent === undefined ? undefined : remoteParent(traceparent);
  if (given) return given;
  const mark = currentWork()?.span;
  return mark instanceof OpenMark ? trace.setSpan(ROOT_CONTEXT, mark.span) : ROOT_CONTEXT;
}

/** Reads W3C's header (https://www.w3.org/TR/trace-context/#traceparent-header), also one of a later version. */
function remoteParent(traceparent: string): Context | undefined {
  const parts = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/.exec(
    traceparent.trim(),
  );
  const [, version, traceId = '', spanId = '', flags = '', more] = parts ?? [];
  if (version === '00' && more !== undefined) return undefined;
  const traceFlags = parseInt(flags, 16) & TraceFlags.SAMPLED;
  const context = { traceId, spanId, traceFlags, isRemote: true };
  return isSpanContextValid(context) ? trace.setSpanContext(ROOT_CONTEXT, context) : undefined;
}

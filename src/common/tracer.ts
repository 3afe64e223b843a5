import { AppError } from './app-error.js';
import { currentWork, type SpanMark, withinWork } from './work-context.js';

/** What is told of a span: never a secret, an address with its query, or a person. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A part of the work that is to show in the trace. */
export interface SpanStart {
  readonly name: string;
  /** `server`: somebody asks us; `client`: we ask somebody; `consumer`: what was left to be done is done; absent: a part of our own. */
  readonly kind?: 'internal' | 'server' | 'client' | 'consumer';
  readonly attributes?: SpanAttributes;
  /** The caller's own span, as W3C's header of this name says it. */
  readonly traceparent?: string | undefined;
  /** How long ago it began; absent: it begins now. */
  readonly agoMs?: number;
}

/** How a span ended. */
export interface SpanEnd {
  /** What it is called, where that turned out later. */
  readonly name?: string;
  readonly attributes?: SpanAttributes;
  /** A code or a name, where it failed. */
  readonly failure?: string | undefined;
}

/** A span that has begun. */
export interface OpenSpan {
  readonly mark: SpanMark;
  end(end?: SpanEnd): void;
}

/** Where the time goes, for those who look at traces. Whoever makes spans knows nothing of OpenTelemetry. */
export abstract class Tracer {
  /** Begins a part of the work that is under way. @returns `undefined` where nobody looks */
  abstract begin(start: SpanStart): OpenSpan | undefined;

  /** Sends what is left, for as long as that may take. */
  abstract close(): Promise<void>;

  /** Does something as a part of the work that is under way. */
  async span<T>(start: SpanStart, work: () => Promise<T>): Promise<T> {
    const span = this.begin(start);
    if (!span) return work();
    try {
      const result = await withinWork({ caller: {}, ...currentWork(), span: span.mark }, work);
      span.end();
      return result;
    } catch (error) {
      span.end({ failure: failureOf(error) });
      throw error;
    }
  }
}

/** Nobody looks: nothing is made. */
export class NoTracer extends Tracer {
  override begin(): undefined {
    return undefined;
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

function failureOf(error: unknown): string {
  if (error instanceof AppError) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

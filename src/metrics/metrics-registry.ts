import { collectDefaultMetrics, type Gauge, Registry } from 'prom-client';

/** A value that takes longer than this to work out is left out, so that a scrape is never late. */
const readLimitMs = 3000;

/** One line of a metric that is worked out when somebody asks. */
export interface Reading {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The metrics of one running service: several of them may run in one process. */
export class MetricsRegistry {
  readonly registry = new Registry();
  readonly #readers: (() => Promise<void>)[] = [];
  #text: Promise<string> | undefined;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /**
   * Has gauges worked out at each scrape.
   * @param read the lines of each gauge, in their order. Where it fails or takes too long, the gauges have no lines: better none than old ones
   */
  readAtScrape(
    gauges: readonly Gauge[],
    read: () => readonly (readonly Reading[])[] | Promise<readonly (readonly Reading[])[]>,
  ): void {
    this.#readers.push(async () => {
      const lines = await inTime(read).catch(() => []);
      for (const [index, gauge] of gauges.entries()) {
        gauge.reset();
        // A gauge without labels would say 0.
        gauge.remove({});
        for (const { labels = {}, value } of lines[index] ?? []) gauge.set({ ...labels }, value);
      }
    });
  }

  /** Everything, in Prometheus’ text format. Those who ask at the same time share one answer. */
  text(): Promise<string> {
    this.#text ??= this.#read().finally(() => (this.#text = undefined));
    return this.#text;
  }

  /** The media type of `text`. */
  get contentType(): string {
    return this.registry.contentType;
  }

  async #read(): Promise<string> {
    await Promise.all(this.#readers.map((read) => read()));
    return this.registry.metrics();
  }
}

async function inTime<T>(read: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('too late')), readLimitMs);
  });
  try {
    return await Promise.race([(async () => read())(), late]);
  } finally {
    clearTimeout(timer);
  }
}

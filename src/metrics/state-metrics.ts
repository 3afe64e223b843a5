import { Injectable } from '@nestjs/common';
import { Gauge } from 'prom-client';

import { MetricsRegistry } from './metrics-registry.js';

/** The tokens of one kind that a connection uses: the oldest of them, and the one that ends first. */
export interface TokenReading {
  readonly connection: string;
  readonly kind: string;
  readonly oldestSeconds: number;
  /** Negative: it has ended, and no other came. */
  readonly soonestEndSeconds: number;
}

/** How old the pushed ticket of a connection is. */
export interface TicketReading {
  readonly connection: string;
  readonly ageSeconds: number;
}

/** The signing keys that are published. */
export interface SigningKeyReading {
  readonly state: string;
  readonly ageSeconds: number;
}

/** The pool of connections to Postgres. */
export interface PoolReading {
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
}

/** How things stand at the instant of the scrape. Each room says how it is with what it owns. */
@Injectable()
export class StateMetrics {
  readonly #buildInfo: Gauge;

  constructor(private readonly own: MetricsRegistry) {
    this.#buildInfo = this.#gauge('lingpai_build_info', 'Always 1; the version that runs.', [
      'version',
    ]);
  }

  build(version: string): void {
    this.#buildInfo.set({ version }, 1);
  }

  watchReadiness(read: () => Promise<boolean>): void {
    const ready = this.#gauge('lingpai_ready', '1 while /health/ready answers 200, else 0.');
    this.own.readAtScrape([ready], async () => [[{ value: (await read()) ? 1 : 0 }]]);
  }

  watchPool(read: () => PoolReading): void {
    const connections = this.#gauge(
      'lingpai_database_connections',
      'Connections to Postgres that this replica holds, those of them that idle, and who waits for one.',
      ['state'],
    );
    this.own.readAtScrape([connections], () => {
      const { total, idle, waiting } = read();
      return [
        Object.entries({ total, idle, waiting }).map(([state, value]) => ({
          labels: { state },
          value,
        })),
      ];
    });
  }

  watchTokens(read: () => readonly TokenReading[]): void {
    const labels = ['connection', 'kind'];
    const age = this.#gauge(
      'lingpai_platform_token_age_seconds',
      'The age of the oldest platform token that this replica uses, by connection and kind.',
      labels,
    );
    const rest = this.#gauge(
      'lingpai_platform_token_expires_in_seconds',
      'How long the platform token that ends first still lives; negative: it has ended, and no other came.',
      labels,
    );
    this.own.readAtScrape([age, rest], () => {
      const readings = read().map(({ connection, kind, ...seconds }) => ({
        labels: { connection, kind },
        ...seconds,
      }));
      return [
        readings.map(({ labels, oldestSeconds: value }) => ({ labels, value })),
        readings.map(({ labels, soonestEndSeconds: value }) => ({ labels, value })),
      ];
    });
  }

  watchSuiteTickets(read: () => Promise<readonly TicketReading[]>): void {
    const age = this.#gauge(
      'lingpai_suite_ticket_age_seconds',
      'The age of the newest suite ticket, or of the connection where none came; WeCom pushes one every ten minutes.',
      ['connection'],
    );
    this.own.readAtScrape([age], async () => [
      (await read()).map(({ connection, ageSeconds: value }) => ({
        labels: { connection },
        value,
      })),
    ]);
  }

  watchSigningKeys(read: () => readonly SigningKeyReading[]): void {
    const age = this.#gauge(
      'lingpai_signing_key_age_seconds',
      'The age of the key that signs tokens.',
    );
    const keys = this.#gauge(
      'lingpai_signing_keys',
      'Keys that are published: next, signing, retiring.',
      ['state'],
    );
    this.own.readAtScrape([age, keys], () => {
      const readings = read();
      const states = ['next', 'signing', 'retiring'];
      return [
        readings
          .filter(({ state }) => state === 'signing')
          .map(({ ageSeconds: value }) => ({ value })),
        states.map((state) => ({
          labels: { state },
          value: readings.filter((key) => key.state === state).length,
        })),
      ];
    });
  }

  #gauge(name: string, help: string, labelNames: readonly string[] = []): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.own.registry] });
  }
}

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { endChild } from '../fixtures/end-child.js';
import { eventually } from '../fixtures/eventually.js';
import { freePort } from '../fixtures/ports.js';
import { interpolate, readCompose } from './compose-files.js';
import { read, root } from './files.js';

/** One line of an answer. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A rule as Prometheus sees it. */
export interface RuleState {
  readonly name: string;
  readonly health: string;
  readonly state: string;
  readonly error: string | undefined;
}

interface RuleAnswer {
  readonly name: string;
  readonly health: string;
  readonly state: string;
  readonly lastError?: string;
}

/** A real Prometheus with our configuration, which looks every second. */
export class TestPrometheus {
  readonly #startedAt = Date.now() / 1000;

  private constructor(
    private readonly child: ChildProcess,
    private readonly base: string,
    private readonly folder: string,
  ) {}

  /**
   * @param replicas host:port of each, in place of the compose file's
   * @param outside what is asked from outside, and host:port of who asks; nothing without it
   */
  static async start(
    replicas: readonly string[],
    token: string,
    outside?: { readonly issuer: string; readonly blackbox: string },
  ): Promise<TestPrometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'lingpai-prometheus-'));
    const address = `127.0.0.1:${await freePort()}`;
    // As the container does before it starts.
    const command = interpolate(
      readCompose('docker-compose.yml').services['prometheus']?.command?.[0] ?? '',
      {},
    );
    const [writing = ''] = command.split('&& exec ');
    execFileSync('sh', ['-c', writing.replaceAll('/tmp/', `${folder}/`)], {
      env: { METRICS_TOKEN: token, ISSUER_URL: outside?.issuer ?? '' },
    });
    const config = read('deploy/prometheus/prometheus.yml')
      .replace("['lingpai-1:3000', 'lingpai-2:3000']", JSON.stringify(replicas))
      .replace('/tmp/metrics-token', join(folder, 'metrics-token'))
      .replace(
        '/tmp/public-address.json',
        join(folder, outside ? 'public-address.json' : 'none.json'),
      )
      .replace('blackbox:9115', outside?.blackbox ?? '')
      .replace('- alerts.yml', `- ${join(root, 'deploy/prometheus/alerts.yml')}`)
      .replaceAll(/_interval: 15s/g, '_interval: 1s');
    await writeFile(join(folder, 'prometheus.yml'), config);
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const prometheus = new TestPrometheus(child, `http://${address}`, folder);
    await eventually(async () => {
      const { status } = await fetch(`${prometheus.base}/-/ready`);
      if (status !== 200) throw new Error(`it answers ${status}`);
    }, 20_000).catch((error: unknown) => {
      throw new Error(`Prometheus did not start: ${output.slice(-2000)}`, { cause: error });
    });
    return prometheus;
  }

  /** The value of an expression now. */
  async query(expression: string): Promise<Sample[]> {
    const { result } = await this.#ask<{
      result: { metric: Sample['metric']; value: [number, string] }[];
    }>('query', { query: expression });
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** The lines of an expression since the start, as a panel would draw them. */
  async queryRange(expression: string): Promise<unknown[]> {
    const times = { start: String(this.#startedAt), end: String(Date.now() / 1000), step: '1' };
    const answer = await this.#ask<{ result: unknown[] }>('query_range', {
      query: expression,
      ...times,
    });
    return answer.result;
  }

  async rules(): Promise<RuleState[]> {
    const { groups } = await this.#ask<{ groups: { rules: RuleAnswer[] }[] }>('rules', {});
    return groups.flatMap(({ rules }) =>
      rules.map(({ name, health, state, lastError }) => ({
        name,
        health,
        state,
        error: lastError,
      })),
    );
  }

  async stop(): Promise<void> {
    await endChild(this.child);
    await rm(this.folder, { recursive: true, force: true });
  }

  async #ask<T>(what: string, parameters: Record<string, string>): Promise<T> {
    const words = new URLSearchParams(parameters).toString();
    const answer = await fetch(`${this.base}/api/v1/${what}?${words}`);
    const body = (await answer.json()) as { status: string; error?: string; data: T };
    if (body.status !== 'success') throw new Error(`${parameters['query']}: ${body.error}`);
    return body.data;
  }
}

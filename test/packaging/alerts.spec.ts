import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { programHere } from '../fixtures/program-here.js';
import { readCompose } from './compose-files.js';
import { groups, read, root } from './files.js';
import { alerts } from './monitoring-files.js';

const prometheusHere = programHere('promtool', ['--version'], 'prometheus');
const folder = join(root, 'deploy/prometheus');

let own: string;
beforeAll(() => {
  own = mkdtempSync(join(tmpdir(), 'lingpai-alerts-'));
});
afterAll(() => rmSync(own, { recursive: true }));

/** What promtool says, and the code that it ends with. */
function promtool(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync('promtool', words, { cwd: own, encoding: 'utf8' });
  return `${status}: ${stdout}${stderr}`;
}

describe('each alert', () => {
  it.each(alerts.map((rule) => [rule.alert, rule] as const))(
    '%s says what it is, and where it is explained',
    (name, { labels, annotations }) => {
      expect(['critical', 'warning', 'info']).toContain(labels['severity']);
      expect(Object.keys(annotations)).toEqual(['summary', 'description', 'runbook']);
      expect(annotations['runbook']).toBe(`docs/operations.md#alert-${name.toLowerCase()}`);
    },
  );

  it('has a name of its own, a test in which it fires, and a heading in the handbook', () => {
    const names = alerts.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    const tests = read('deploy/prometheus/alerts.test.yml');
    const fired = [
      ...groups(tests, /ALERTS\{alertname="(\w+)", alertstate="firing"/g),
      ...groups(tests, /alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:\n/g),
    ];
    expect([...new Set(fired)].sort()).toEqual([...names].sort());
    const headings = groups(read('docs/operations.md'), /^#+ Alert: (\w+)$/gm);
    expect([...headings].sort()).toEqual([...names].sort());
  });
});

describe('what the alerts know of the deployment', () => {
  const { services } = readCompose('docker-compose.yml');

  it('is true: the memory of a replica, and the replicas that Prometheus asks', () => {
    expect(services['lingpai-1']?.deploy?.resources.limits['memory']).toBe('512M');
    expect(alerts.find(({ alert }) => alert === 'LingpaiMemoryHigh')?.expr).toContain('> 420e6');
    expect(read('deploy/prometheus/prometheus.yml')).toContain(
      "targets: ['lingpai-1:3000', 'lingpai-2:3000']",
    );
  });

  it('reaches Prometheus, and its dashboard Grafana, in the folders where they look', () => {
    expect(services['prometheus']?.volumes).toContain('./deploy/prometheus:/etc/prometheus:ro');
    expect(services['prometheus']?.command?.[0]).toContain(
      '--config.file=/etc/prometheus/prometheus.yml',
    );
    expect(services['grafana']?.volumes).toEqual([
      './deploy/grafana/provisioning:/etc/grafana/provisioning:ro',
      './deploy/grafana/dashboards:/var/lib/grafana-dashboards:ro',
      'grafana:/var/lib/grafana',
    ]);
    expect(read('deploy/grafana/provisioning/dashboards/lingpai.yaml')).toContain(
      'path: /var/lib/grafana-dashboards\n',
    );
    expect(read('deploy/grafana/provisioning/datasources/prometheus.yaml')).toContain(
      'url: http://prometheus:9090\n',
    );
  });
});

(prometheusHere ? describe : describe.skip)(
  'the files for Prometheus, as promtool sees them',
  () => {
    it('are valid', () => {
      expect(promtool('check', 'rules', join(folder, 'alerts.yml'))).toMatch(
        new RegExp(`^0: .*SUCCESS: ${alerts.length} rules found`, 's'),
      );
      // The file with the token is there in the container only.
      const token = join(own, 'metrics-token');
      writeFileSync(token, '');
      const config = read('deploy/prometheus/prometheus.yml')
        .replace('/tmp/metrics-token', token)
        .replace('- alerts.yml', `- ${join(folder, 'alerts.yml')}`);
      writeFileSync(join(own, 'prometheus.yml'), config);
      expect(promtool('check', 'config', join(own, 'prometheus.yml'))).toMatch(/^0: .*SUCCESS/s);
    });

    it('pass their own tests: each alert fires where it should, and only there', () => {
      expect(promtool('test', 'rules', join(folder, 'alerts.test.yml'))).toMatch(/^0: .*SUCCESS/s);
    });
  },
);

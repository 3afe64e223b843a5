import { describe, expect, it } from '@jest/globals';

import { readCompose } from './compose-files.js';
import { groups, read } from './files.js';

const { services, networks, volumes } = readCompose('docker-compose.yml');
const {
  proxy,
  migrate,
  'lingpai-1': first,
  'lingpai-2': second,
  postgres,
  valkey,
  prometheus,
  blackbox,
  grafana,
} = services;

describe('the compose file', () => {
  it('starts these, and the last three only with the profile `monitoring`', () => {
    expect(Object.keys(services)).toEqual([
      'proxy',
      'migrate',
      'lingpai-1',
      'lingpai-2',
      'postgres',
      'valkey',
      'prometheus',
      'blackbox',
      'grafana',
    ]);
    const profiled = Object.entries(services).filter(([, { profiles }]) => profiles);
    expect(profiled.map(([name, { profiles }]) => [name, profiles])).toEqual([
      ['prometheus', ['monitoring']],
      ['blackbox', ['monitoring']],
      ['grafana', ['monitoring']],
    ]);
  });

  it('has two equal replicas with a read-only file system, no capabilities, and the time it takes to stop', () => {
    expect(second).toEqual(first);
    expect(first).toMatchObject({
      image: '${LINGPAI_IMAGE:-lingpai}',
      init: true,
      restart: 'unless-stopped',
      read_only: true,
      tmpfs: ['/tmp'],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      stop_grace_period: '30s',
      env_file: '.env',
      depends_on: {
        migrate: { condition: 'service_completed_successfully' },
        postgres: { condition: 'service_healthy' },
        valkey: { condition: 'service_started' },
      },
    });
    // All of it, SHUTDOWN_DELAY_SECONDS included, and five seconds to spare.
    expect(groups(read('src/main.ts'), /stopLimitMs = ([\d_]+)/g)).toEqual(['25_000']);
  });

  it('changes the schema in a step of its own, before the replicas', () => {
    expect(migrate).toMatchObject({
      build: '.',
      image: '${LINGPAI_IMAGE:-lingpai}',
      command: ['lingpai', 'migrate'],
      restart: 'no',
      depends_on: { postgres: { condition: 'service_healthy' } },
      healthcheck: { disable: true },
    });
    expect(migrate?.environment).toEqual(first?.environment);
    expect(first?.environment?.['MIGRATE_ON_START']).toBe('false');
  });

  it('builds the image in one place', () => {
    const building = Object.entries(services).filter(([, { build }]) => build !== undefined);
    expect(building.map(([name]) => name)).toEqual(['migrate']);
  });

  it('publishes the ports of the proxy, and on this machine those of the monitoring; no others', () => {
    const published = Object.entries(services).filter(([, { ports }]) => ports);
    expect(published.map(([name, { ports }]) => [name, ports])).toEqual([
      ['proxy', ['${HTTP_PORT:-80}:80', '${HTTPS_PORT:-443}:443']],
      ['prometheus', ['127.0.0.1:${PROMETHEUS_PORT:-9090}:9090']],
      ['grafana', ['127.0.0.1:${GRAFANA_PORT:-3001}:3000']],
    ]);
  });

  it('keeps Postgres and Valkey in a network without a way in or out, and lets the proxy see the replicas only', () => {
    expect(networks).toEqual({ front: null, inner: { internal: true }, monitoring: null });
    const reached = Object.entries(services).map(([name, service]) => [name, service.networks]);
    expect(Object.fromEntries(reached)).toEqual({
      proxy: ['front'],
      migrate: ['inner', 'front'],
      'lingpai-1': ['front', 'inner', 'monitoring'],
      'lingpai-2': ['front', 'inner', 'monitoring'],
      postgres: ['inner'],
      valkey: ['inner'],
      prometheus: ['monitoring'],
      blackbox: ['monitoring'],
      grafana: ['monitoring'],
    });
  });

  it('starts everything again that ends, but for the migration', () => {
    const policies = Object.entries(services).map(([name, { restart }]) => [name, restart]);
    expect(policies.filter(([, policy]) => policy !== 'unless-stopped')).toEqual([
      ['migrate', 'no'],
    ]);
  });

  it('limits cores, memory, processes and logs of each, and lets none gain privileges', () => {
    const limits = Object.entries(services).map(([name, { deploy }]) => [
      name,
      Object.values(deploy?.resources.limits ?? {}),
    ]);
    expect(Object.fromEntries(limits)).toEqual({
      proxy: ['1', '256M', 128],
      migrate: ['1', '512M', 128],
      'lingpai-1': ['1.5', '512M', 128],
      'lingpai-2': ['1.5', '512M', 128],
      postgres: ['2', '1G', 256],
      valkey: ['1', '256M', 64],
      prometheus: ['1', '512M', 128],
      blackbox: ['0.5', '64M', 64],
      grafana: ['1', '512M', 256],
    });
    const logging = { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } };
    for (const service of Object.values(services))
      expect(service).toMatchObject({ logging, security_opt: ['no-new-privileges:true'] });
  });

  it('leaves room above the heap that the image sets', () => {
    expect(groups(read('Dockerfile'), /--max-old-space-size=(\d+)/g)).toEqual(['256']);
  });

  it('asks each how it is', () => {
    const asked = Object.entries(services)
      .filter(([name]) => name !== 'migrate')
      .map(([name, { healthcheck }]) => [name, healthcheck?.test?.at(-1)]);
    expect(Object.fromEntries(asked)).toEqual({
      proxy: 'http://127.0.0.1:2019/reverse_proxy/upstreams',
      'lingpai-1': expect.stringContaining("fetch('http://127.0.0.1:3000/health/ready')"),
      'lingpai-2': expect.stringContaining("fetch('http://127.0.0.1:3000/health/ready')"),
      postgres: 'pg_isready --host 127.0.0.1 --username lingpai --dbname lingpai',
      valkey: 'valkey-cli ping | grep -q PONG',
      prometheus: 'http://127.0.0.1:9090/-/ready',
      blackbox: 'http://127.0.0.1:9115/-/healthy',
      grafana: 'http://127.0.0.1:3000/api/health',
    });
  });

  it('names a minor version of every image', () => {
    const images = Object.values(services).map(({ image }) => image);
    expect(images.filter((image) => !image?.startsWith('${'))).toEqual([
      'caddy:2.11-alpine',
      'postgres:17-bookworm',
      'valkey/valkey:8.1-alpine',
      'prom/prometheus:v3.5.0',
      'prom/blackbox-exporter:v0.27.0',
      'grafana/grafana:12.3.1',
    ]);
  });

  it('keeps what must last in volumes that it declares', () => {
    expect(postgres?.volumes).toEqual(['postgres:/var/lib/postgresql/data']);
    expect(proxy?.volumes).toEqual(['./deploy/caddy:/etc/caddy:ro', 'caddy:/data']);
    expect(valkey?.volumes).toBeUndefined();
    expect(Object.keys(volumes ?? {})).toEqual(['postgres', 'caddy', 'prometheus', 'grafana']);
  });

  it('lets Valkey throw nothing out by itself, and keep nothing', () => {
    expect(valkey?.command).toEqual([
      'valkey-server',
      '--save',
      '',
      '--appendonly',
      'no',
      '--maxmemory',
      '192mb',
      '--maxmemory-policy',
      'noeviction',
    ]);
  });

  it('gives Grafana no password of its own, and nobody in without one', () => {
    expect(grafana?.entrypoint).toEqual(['/bin/sh', '-c']);
    expect(grafana?.command?.[0]).toMatch(/^\[ -n "\$\$GF_SECURITY_ADMIN_PASSWORD" \] \|\| \{/);
    expect(grafana?.environment).toMatchObject({
      GF_SECURITY_ADMIN_PASSWORD: '${GRAFANA_PASSWORD:-}',
      GF_AUTH_ANONYMOUS_ENABLED: 'false',
      GF_USERS_ALLOW_SIGN_UP: 'false',
    });
  });

  it('hands the token of the metrics to Prometheus where its configuration looks for it', () => {
    expect(prometheus?.environment).toEqual({
      METRICS_TOKEN: '${METRICS_TOKEN:-}',
      ISSUER_URL: '${ISSUER_URL:-}',
    });
    expect(prometheus?.command?.[0]).toContain('printf %s "$$METRICS_TOKEN" > /tmp/metrics-token');
    expect(read('deploy/prometheus/prometheus.yml')).toContain(
      'credentials_file: /tmp/metrics-token\n',
    );
  });

  it('tells Prometheus which pages are public, and who asks for them', () => {
    expect(prometheus?.command?.[0]).toContain('> /tmp/public-address.json &&');
    const config = read('deploy/prometheus/prometheus.yml');
    expect(config).toContain('- files: [/tmp/public-address.json]\n');
    expect(config).toContain("replacement: 'blackbox:9115' }\n");
    expect(blackbox?.command).toEqual(['--config.file=/etc/blackbox/blackbox.yml']);
    expect(blackbox?.volumes).toEqual(['./deploy/blackbox:/etc/blackbox:ro']);
  });
});

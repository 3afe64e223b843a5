import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { caddyHere, TestCaddy } from '../fixtures/caddy.js';
import { eventually } from '../fixtures/eventually.js';
import { freePort } from '../fixtures/ports.js';
import { programHere } from '../fixtures/program-here.js';
import { openTestBed, type TestBed } from '../fixtures/service.js';
import { blackboxHere, TestBlackbox } from './blackbox-process.js';
import { queries } from './monitoring-files.js';
import { TestPrometheus } from './prometheus-process.js';

const prometheusHere = programHere('prometheus', ['--version'], 'prometheus');
const allHere = caddyHere && blackboxHere && prometheusHere;

(allHere ? describe : describe.skip)('the public address, asked from outside,', () => {
  let bed: TestBed;
  let site: string;
  let proxy: TestCaddy;
  let blackbox: TestBlackbox;
  let prometheus: TestPrometheus;

  beforeAll(async () => {
    site = `https://localhost:${await freePort()}`;
    bed = await openTestBed({ env: { ISSUER_URL: site, TRUST_PROXY: '1' } });
    proxy = await TestCaddy.start(site, [bed.replicas[0]!.url], { SITE_TLS: 'tls internal' });
    blackbox = await TestBlackbox.start(proxy.rootCertificate);
    prometheus = await TestPrometheus.start([], '', {
      issuer: `${site}/`,
      blackbox: blackbox.address,
    });
  }, 60_000);
  afterAll(async () => {
    await prometheus.stop();
    await blackbox.stop();
    await proxy.stop();
    await bed.stop();
  });

  const answers = async (): Promise<Record<string, number>> => {
    const samples = await prometheus.query('probe_success{job="public-address"}');
    return Object.fromEntries(
      samples.map(({ metric, value }) => [metric['instance']?.replace(site, ''), value]),
    );
  };
  const pending = async (): Promise<string[]> =>
    (await prometheus.rules()).filter(({ state }) => state === 'pending').map(({ name }) => name);

  it('shows what an application asks for before a sign-in, through the proxy and its certificate', async () => {
    await eventually(
      async () =>
        expect(await answers()).toEqual({
          '/.well-known/openid-configuration': 1,
          '/.well-known/jwks.json': 1,
        }),
      20_000,
    );
  });

  it('is warned of: Caddy’s own certificate ends within twelve hours', async () => {
    const left = await prometheus.query(
      'min(probe_ssl_earliest_cert_expiry{job="public-address"}) - time()',
    );
    expect(left).toHaveLength(1);
    expect(left[0]!.value).toBeGreaterThan(10 * 3600);
    expect(left[0]!.value).toBeLessThan(12 * 3600 + 60);
    await eventually(async () =>
      expect((await pending()).filter((name) => !/Down$/.test(name))).toEqual([
        'LingpaiCertificateEnds',
        'LingpaiCertificateEndsSoon',
      ]),
    );
    expect(await pending()).not.toContain('LingpaiPublicAddressDown');
  });

  it('is on the dashboard', async () => {
    for (const title of ['Public address', 'Certificate ends in']) {
      const panel = queries.find((query) => query.title === title);
      // A graph begins one step after the first sample.
      await eventually(
        async () =>
          expect([title, (await prometheus.queryRange(panel?.expr ?? '')).length > 0]).toEqual([
            title,
            true,
          ]),
        20_000,
      );
    }
  });

  it('is no good where the certificate is not one that is trusted', async () => {
    const stranger = await TestBlackbox.start();
    const page = encodeURIComponent(`${site}/.well-known/jwks.json`);
    const look = `/probe?module=public_page&target=${page}`;
    try {
      const text = async (of: TestBlackbox): Promise<string> =>
        (await fetch(`http://${of.address}${look}`)).text();
      expect(await text(stranger)).toMatch(/^probe_success 0$/m);
      expect(await text(blackbox)).toMatch(/^probe_success 1$/m);
    } finally {
      await stranger.stop();
    }
  });

  it('is missed when no replica is behind the proxy', async () => {
    await bed.replicas[0]!.stop();
    await eventually(
      async () =>
        expect(await answers()).toEqual({
          '/.well-known/openid-configuration': 0,
          '/.well-known/jwks.json': 0,
        }),
      20_000,
    );
    await eventually(async () => expect(await pending()).toContain('LingpaiPublicAddressDown'));
  });
});

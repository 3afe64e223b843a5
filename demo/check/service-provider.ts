import { setTimeout as sleep } from 'node:timers/promises';

import { providerApp } from '../provisioning.js';
import type { Stage } from '../stage.js';
import { claimOn, linkOn, Walker } from './walker.js';

const corps = { byLink: 'ww7a9b1c3d5e7f9021', fromMarket: 'ww0d2e4f6a8b0c1e35' };
const { slug, suiteId } = providerApp;

/** One corp installs the app by a link of ours, another from the market; people of both sign in, until one takes the app away. */
export async function serviceProvider(stage: Stage): Promise<string> {
  const api = await machineApi(stage);
  const { wecomProvider } = stage.sandbox.control;
  await installByLink(stage, api);
  await wecomProvider.install(corps.fromMarket, suiteId);
  const [first, second] = [corps.byLink, corps.fromMarket].map((corpId) =>
    wecomProvider.seenCorpId(corpId),
  );
  await untilStatus(api, first, 'active');
  await untilStatus(api, second, 'active');

  const one = await signIn(stage, `lin.qiao@${corps.byLink}`);
  const other = await signIn(stage, `Lin.Qiao@${corps.fromMarket}`);
  const subjects = [one, other].map((page) => claimOn(page, 'sub'));
  if (!subjects[0] || !subjects[1]) throw new Error(`the sign-in ended at ${one.url.pathname}`);
  if (subjects[0] === subjects[1]) throw new Error('one userid in two corps is one person');

  await wecomProvider.cancel(corps.fromMarket, suiteId);
  await untilStatus(api, second, 'cancelled');
  const refused = await signIn(stage, `Lin.Qiao@${corps.fromMarket}`);
  if (!refused.text.includes('tenant_not_allowed'))
    throw new Error(`after the cancellation the sign-in ended at ${refused.url.pathname}`);
  return 'two people, and nobody of the corp that took the app away';
}

type Api = (path: string, body?: object) => Promise<Readonly<Record<string, unknown>>>;

/** The REST API, as one of the vendor's own programs calls it. */
async function machineApi({ issuer, client }: Stage): Promise<Api> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client.clientId,
      client_secret: client.clientSecret,
      scope: 'connections:read connections:write',
    }),
  });
  const { access_token: token } = (await answer.json()) as { access_token?: string };
  if (!token) throw new Error(`no token for the API (${answer.status})`);
  return async (path, body) => {
    const reply = await fetch(`${issuer}/api/v1/connections/${slug}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    return (await reply.json()) as Record<string, unknown>;
  };
}

/** The administrator opens the link, and clicks through the platform's pages. */
async function installByLink({ issuer }: Stage, api: Api): Promise<void> {
  const { url } = await api('/install-links', {});
  if (typeof url !== 'string') throw new Error('there is no install link');
  const walker = new Walker({ referer: `${issuer}/` });
  const page = await walker.open(url);
  const scan = await walker.open(linkOn(page, 'button-primary'));
  const asked = await walker.open(linkOn(scan, `data-member="lin.qiao@${corps.byLink}"`));
  const done = await walker.open(linkOn(asked, 'data-approve'));
  if (done.status !== 200 || !done.text.includes('青松贸易'))
    throw new Error(`the installation ended at ${done.url.pathname} (${done.status})`);
}

/** What came by an event is done in a moment. */
async function untilStatus(api: Api, corpId: string | undefined, wanted: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { status } = await api(`/tenants/${corpId ?? ''}`);
    if (status === wanted) return;
    await sleep(100);
  }
  throw new Error(`the corp did not become ${wanted}`);
}

async function signIn(stage: Stage, person: string): ReturnType<Walker['open']> {
  const walker = new Walker();
  const scan = await walker.open(`${stage.app.url}/login?connection=${slug}`);
  return walker.open(linkOn(scan, `data-member="${person}"`));
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as client from 'openid-client';

import { wecomApp } from '../provisioning.js';
import type { Route } from './demo-app.js';
import { jsapiPage } from './jsapi-page.js';
import { MachineToken } from './machine-token.js';
import { html, json } from './replies.js';

/** Where a page loads the platforms' libraries from; here the sandbox stands in for them. */
export interface PageScripts {
  readonly dingtalk: string;
  readonly jweixin: string;
  readonly jwxwork: string;
  readonly wecomJssdk: string;
}

const PATH = '/jsapi';

/** What the page may ask a signature for. */
const asked = new Map<string, { readonly connection: string; readonly ticket?: string }>([
  ['wx.config', { connection: 'wecom', ticket: 'corp' }],
  ['wx.agentConfig', { connection: 'wecom', ticket: 'agent' }],
  ['dd.config', { connection: 'dingtalk' }],
]);

const pageScript = readFileSync(join(import.meta.dirname, '..', 'pages', 'jsapi.js'), 'utf8');

/** A page that uses the platforms' own functions, and the server's part of it: Lingpai signs the page's address. */
export function jsapiRoutes(
  configuration: client.Configuration,
  appUrl: string,
  scripts: PageScripts,
): Record<string, Route> {
  const { issuer } = configuration.serverMetadata();
  const token = new MachineToken(() =>
    client.clientCredentialsGrant(configuration, { scope: 'jsapi:sign' }),
  );
  const scriptUrls = Object.values(scripts) as string[];
  const origins = [...new Set(scriptUrls.map((src) => new URL(src).origin))];

  return {
    [`GET ${PATH}`]: async (_session, _url, response) => {
      await Promise.resolve(html(response, jsapiPage(scriptUrls, wecomApp), 200, origins));
    },
    'GET /jsapi.js': async (_session, _url, response) => {
      await Promise.resolve(
        response.setHeader('Content-Type', 'text/javascript; charset=utf-8').end(pageScript),
      );
    },
    [`GET ${PATH}/signature`]: async (_session, { searchParams }, response) => {
      const wanted = asked.get(searchParams.get('for') ?? '');
      const pageUrl = searchParams.get('url') ?? '';
      if (!wanted || !isOwnPage(pageUrl, appUrl)) {
        return json(response, { error: 'not_a_page_of_this_application' }, 400);
      }
      const { connection, ...ticket } = wanted;
      const answer = await fetch(`${issuer}/api/v1/connections/${connection}/jsapi-signatures`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await token.get()}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ url: pageUrl, ...ticket }),
      });
      const body = (await answer.json()) as { readonly code?: string };
      if (answer.ok) json(response, body);
      else json(response, { error: body.code ?? `HTTP ${answer.status}` }, 502);
    },
  };
}

/** A visitor may hand in any address; one of another origin or another page is not ours to sign. */
function isOwnPage(value: string, appUrl: string): boolean {
  if (!URL.canParse(value)) return false;
  const { origin, pathname } = new URL(value);
  return origin === appUrl && pathname === PATH;
}

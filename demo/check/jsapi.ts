import type { Stage } from '../stage.js';
import { Walker } from './walker.js';

type Fields = Readonly<Record<string, unknown>>;

/** The page's signatures for both platforms, as the sandbox's clients see them; a page of another origin gets none. */
export async function jsapi(stage: Stage): Promise<string> {
  const { dingtalk, wecom } = stage.sandbox.control;
  const url = `${stage.app.url}/jsapi?next=%2Forders%3Fq%3D%E6%9E%97%20b+c&rate=1`;
  const page = await new Walker().open(url);
  if (!page.text.includes('data-outcome="dd.config"')) throw new Error('there is no page');

  const sign = (name: string): Promise<Fields> => signatureFor(stage, name, `${url}#/home`);
  const jsApiList = ['checkJsApi'];
  const refusals = {
    'wx.config': wecom.verifyJsapi('config', {
      configured: { ...(await sign('wx.config')), jsApiList },
      url,
      hasConfig: false,
    }),
    'wx.agentConfig': wecom.verifyJsapi('agentConfig', {
      configured: { ...(await sign('wx.agentConfig')), jsApiList },
      url,
      hasConfig: true,
    }),
    'dd.config': dingtalk.verifyJsapi({
      configured: { ...(await sign('dd.config')), jsApiList },
      url,
    }),
  };
  for (const [name, code] of Object.entries(refusals)) {
    if (code !== 0) throw new Error(`${name} was refused with ${code}`);
  }
  await expectForeignRefused(stage);
  return `${Object.keys(refusals).join(', ')}; none for a page of another origin`;
}

async function signatureFor(stage: Stage, name: string, url: string): Promise<Fields> {
  const query = new URLSearchParams({ for: name, url });
  const answer = await fetch(`${stage.app.url}/jsapi/signature?${query.toString()}`);
  const body = (await answer.json()) as Fields;
  if (!answer.ok) throw new Error(`${name} was not signed: ${String(body['error'])}`);
  return body;
}

/** Neither by the application, nor by Lingpai when it is asked in the application's name. */
async function expectForeignRefused(stage: Stage): Promise<void> {
  const url = 'http://localhost.example.com/jsapi';
  const query = new URLSearchParams({ for: 'wx.config', url });
  const own = await fetch(`${stage.app.url}/jsapi/signature?${query.toString()}`);
  if (own.status !== 400) throw new Error(`the application answered ${own.status}`);

  const token = await fetch(`${stage.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: stage.client.clientId,
      client_secret: stage.client.clientSecret,
      scope: 'jsapi:sign',
    }),
  });
  const { access_token: accessToken } = (await token.json()) as { access_token?: string };
  const answer = await fetch(`${stage.issuer}/api/v1/connections/wecom/jsapi-signatures`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken ?? ''}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url }),
  });
  const { code } = (await answer.json()) as { code?: string };
  if (code !== 'value_not_allowed') throw new Error(`Lingpai answered ${code ?? answer.status}`);
}

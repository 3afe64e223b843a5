import { randomInt } from 'node:crypto';

import { dingtalkApp } from '../provisioning.js';
import type { Stage } from '../stage.js';
import { jsapi } from './jsapi.js';
import { serviceProvider } from './service-provider.js';
import { claimOn, formOn, linkOn, Walker } from './walker.js';

/** One way to sign in, walked to its end. @returns what to say of it; throws when something is not as it should be */
type Walk = (stage: Stage) => Promise<string>;

const wecomClient = {
  'user-agent': 'wxwork/4.1.20 MicroMessenger/7.0.1',
  'x-sandbox-user': 'wang.m',
};

const walks: Record<string, Walk> = {
  'DingTalk, in a browser': (stage) => onTheWeb(stage, 'dingtalk', 'manager0042'),
  'DingTalk, inside its client': inDingtalk,
  'WeCom, in a browser': (stage) => onTheWeb(stage, 'wecom', 'Lin.Qiao'),
  'WeCom, inside its client': inWecom,
  'platform code, without a redirect': byPlatformCode,
  'phone and SMS code': byPhone,
  'one more platform bound at /account': bindAtAccount,
  'signatures for a page (JSAPI)': jsapi,
  'WeCom service provider: installed, from two corps, cancelled': serviceProvider,
  'refused by the person': refused,
};

/** Walks every way. @returns whether all of them led where they should */
export async function check(stage: Stage): Promise<boolean> {
  let good = true;
  for (const [name, walk] of Object.entries(walks)) {
    try {
      process.stdout.write(`ok   ${name}: ${await walk(stage)}\n`);
    } catch (error) {
      good = false;
      process.stdout.write(
        `FAIL ${name}: ${error instanceof Error ? error.message : String(error)}\n`,
      );
    }
  }
  return good;
}

async function onTheWeb(stage: Stage, connection: string, member: string): Promise<string> {
  const walker = new Walker();
  const platform = await walker.open(`${stage.app.url}/login?connection=${connection}`);
  const page = await walker.open(linkOn(platform, `data-member="${member}"`));
  const name = expectSignedIn(page, connection);

  const refreshed = await walker.open(`${stage.app.url}/refresh`, {});
  expectSignedIn(refreshed, connection);
  const out = await walker.open(`${stage.app.url}/logout`, {});
  if (out.url.href !== `${stage.app.url}/` || claimOn(out, 'sub'))
    throw new Error('the sign-out did not end at the application');
  return `${name}, refreshed, signed out`;
}

async function inDingtalk(stage: Stage): Promise<string> {
  const walker = new Walker({ 'user-agent': 'AliApp(DingTalk/7.6.0)' });
  const bridge = await walker.open(`${stage.app.url}/login?connection=dingtalk`);
  const callback = /data-callback-url="([^"]*)"/.exec(bridge.text)?.[1]?.replace(/&amp;/g, '&');
  if (!callback) throw new Error(`there is no bridge page (${bridge.status})`);
  const page = await walker.open(`${callback}&code=${dingtalkCode(stage)}`);
  return expectSignedIn(page, 'dingtalk');
}

async function inWecom(stage: Stage): Promise<string> {
  const walker = new Walker(wecomClient);
  let page = await walker.open(`${stage.app.url}/login?connection=wecom`);
  if (page.text.includes('data-approve')) page = await walker.open(linkOn(page, 'data-approve'));
  const phone = claimOn(page, 'phone_number');
  if (!phone) throw new Error('the phone that the person consented to is missing');
  return `${expectSignedIn(page, 'wecom')}, with the phone that was consented to`;
}

async function byPlatformCode(stage: Stage): Promise<string> {
  const response = await fetch(`${stage.issuer}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'urn:lingpai:grant-type:platform-code',
      client_id: stage.client.clientId,
      client_secret: stage.client.clientSecret,
      connection: 'dingtalk',
      code: dingtalkCode(stage),
      scope: 'openid profile',
    }),
  });
  const answer = (await response.json()) as { access_token?: string; error?: string };
  if (!answer.access_token) throw new Error(answer.error ?? `HTTP ${response.status}`);
  const person = await fetch(`${stage.issuer}/userinfo`, {
    headers: { authorization: `Bearer ${answer.access_token}` },
  });
  return String(((await person.json()) as { name?: string }).name);
}

async function byPhone(stage: Stage): Promise<string> {
  const walker = new Walker();
  // Another one each time: how many codes one number gets in an hour is limited.
  const phone = `138${String(randomInt(100_000_000)).padStart(8, '0')}`;
  const form = await walker.open(`${stage.app.url}/login?connection=phone`);
  const codeForm = await walker.open(...formOn(form, '/phone', { phone }));
  const code = stage.sandbox.control.sms.lastCode(`+86${phone}`);
  if (code === undefined) throw new Error('no code was sent');
  const page = await walker.open(...formOn(codeForm, '/code', { code }));
  const proven = claimOn(page, 'phone_number');
  if (proven !== `+86${phone}`) throw new Error(`the sign-in ended at ${page.url.pathname}`);
  return 'an account of its own, with the number that was proven';
}

async function bindAtAccount(stage: Stage): Promise<string> {
  const walker = new Walker();
  const platform = await walker.open(`${stage.app.url}/login?connection=dingtalk`);
  const person = await walker.open(linkOn(platform, 'data-member="user0103"'));
  const account = await walker.open(`${stage.issuer}/account`);
  // The demo's database stays: another run finds it done.
  if (account.text.includes('/bindings/wecom"')) {
    const moving = await walker.open(...formOn(account, '/bindings/wecom', {}));
    const wecom = await walker.open(/content="0; url=([^"]+)"/.exec(moving.text)?.[1] ?? '');
    const confirm = await walker.open(linkOn(wecom, 'data-member="zhao.liu"'));
    const bound = await walker.open(...formOn(confirm, confirm.url.pathname, {}));
    if (bound.url.searchParams.get('binding') !== 'ok')
      throw new Error(`the binding ended at ${bound.url.pathname}${bound.url.search}`);
  }
  const visitor = new Walker();
  const scan = await visitor.open(`${stage.app.url}/login?connection=wecom`);
  const again = await visitor.open(linkOn(scan, 'data-member="zhao.liu"'));
  if (claimOn(again, 'sub') !== claimOn(person, 'sub'))
    throw new Error('WeCom leads to another account than DingTalk');
  return 'DingTalk and WeCom lead to one account';
}

async function refused(stage: Stage): Promise<string> {
  const walker = new Walker();
  const platform = await walker.open(`${stage.app.url}/login?connection=wecom`);
  const page = await walker.open(linkOn(platform, 'data-refuse'));
  if (!page.text.includes('user_cancelled'))
    throw new Error('the application was not told user_cancelled');
  return 'the application was told user_cancelled';
}

function dingtalkCode(stage: Stage): string {
  return stage.sandbox.control.dingtalk.inAppCode({ ...dingtalkApp, userid: 'user0077' });
}

function expectSignedIn(
  page: { url: URL; status: number; text: string },
  connection: string,
): string {
  const name = claimOn(page, 'name');
  if (claimOn(page, 'connection') !== connection || !name) {
    throw new Error(`the sign-in ended at ${page.url.pathname} (${page.status})`);
  }
  return name;
}

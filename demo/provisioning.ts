import { randomBytes } from 'node:crypto';

import { stringify } from 'yaml';

import { findApp as findDingtalkApp } from '../sandbox/dingtalk/world.js';
import type { Sandbox } from '../sandbox/sandbox.js';
import { findApp as findWecomApp, findCorp } from '../sandbox/wecom/world.js';

/** The demo application's registration. */
export interface DemoClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
}

export const dingtalkApp = { clientId: 'dingexampleappkey1', corpId: 'dingexamplecorp01' };
export const wecomApp = { corpId: 'ww1a2b3c4d5e6f7a8b', agentId: '1000017' };

export function demoClient(appUrl: string): DemoClient {
  return {
    clientId: 'demo',
    clientSecret: randomBytes(24).toString('base64url'),
    redirectUri: `${appUrl}/callback`,
    postLogoutRedirectUri: `${appUrl}/`,
  };
}

/** The provisioning file of the demo: one connection for each platform, and the application. */
export function demoProvisioning(sandbox: Sandbox, client: DemoClient): string {
  const jsapiOrigins = [new URL(client.redirectUri).origin];
  const { dingtalk, wecom } = sandbox.control;
  const dingtalkSecret = findDingtalkApp(dingtalk.world, dingtalkApp.clientId)?.clientSecret;
  const corp = findCorp(wecom.world, wecomApp.corpId);
  const wecomSecret = corp && findWecomApp(corp, Number(wecomApp.agentId))?.secret;
  return stringify({
    connections: [
      {
        slug: 'dingtalk',
        platform: 'dingtalk',
        displayName: '钉钉',
        ...dingtalkApp,
        clientSecret: dingtalkSecret,
        agentId: '100000001',
        endpoints: sandbox.endpoints.dingtalk,
        jsapiOrigins,
      },
      {
        slug: 'wecom',
        platform: 'wecom-self-built',
        displayName: '企业微信',
        ...wecomApp,
        secret: wecomSecret,
        scope: 'snsapi_privateinfo',
        endpoints: sandbox.endpoints.wecom,
        jsapiOrigins,
      },
      { slug: 'phone', platform: 'local', displayName: '手机号' },
    ],
    clients: [
      {
        clientId: client.clientId,
        displayName: 'Demo',
        clientSecret: client.clientSecret,
        redirectUris: [client.redirectUri],
        postLogoutRedirectUris: [client.postLogoutRedirectUri],
        initiateLoginUri: client.postLogoutRedirectUri.replace(/\/$/, '/login'),
        scopes: ['openid', 'profile', 'phone', 'email', 'offline_access', 'jsapi:sign'],
        grantTypes: [
          'authorization_code',
          'refresh_token',
          'client_credentials',
          'urn:lingpai:grant-type:platform-code',
        ],
      },
    ],
  });
}

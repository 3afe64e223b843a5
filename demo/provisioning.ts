import { randomBytes } from 'node:crypto';

import { stringify } from 'yaml';

import type { Sandbox } from '../sandbox/sandbox.js';

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
  const secretOf = (agentId: string): string =>
    sandbox.control.wecom.world.corps
      .find((corp) => corp.corpId === wecomApp.corpId)
      ?.apps.find((app) => String(app.agentId) === agentId)?.secret ?? '';
  return stringify({
    connections: [
      {
        slug: 'dingtalk',
        platform: 'dingtalk',
        displayName: '钉钉',
        ...dingtalkApp,
        clientSecret: 'exampleSecret01',
        agentId: '100000001',
        endpoints: sandbox.endpoints.dingtalk,
      },
      {
        slug: 'wecom',
        platform: 'wecom-self-built',
        displayName: '企业微信',
        ...wecomApp,
        secret: secretOf(wecomApp.agentId),
        scope: 'snsapi_privateinfo',
        endpoints: sandbox.endpoints.wecom,
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
        scopes: ['openid', 'profile', 'phone', 'email', 'offline_access'],
        grantTypes: ['authorization_code', 'refresh_token', 'urn:lingpai:grant-type:platform-code'],
      },
    ],
  });
}

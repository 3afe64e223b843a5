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
export const providerApp = {
  slug: 'wecom-any',
  suiteId: 'ww6b8d0f2a4c6e8a13',
  loginSuiteId: 'ww4e6f8a0b2c4d6e57',
};

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
      serviceProvider(sandbox),
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
        scopes: [
          'openid',
          'profile',
          'phone',
          'email',
          'offline_access',
          'jsapi:sign',
          'connections:read',
          'connections:write',
        ],
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

/** A vendor's app that any corp may install, and the login suite behind its page in browsers. */
function serviceProvider(sandbox: Sandbox): Record<string, unknown> {
  const { provider } = sandbox.control.wecomProvider.world;
  const fieldsOf = (wanted: string): Record<string, unknown> => {
    const suite = provider.suites.find(({ suiteId }) => suiteId === wanted);
    return {
      suiteId: wanted,
      suiteSecret: suite?.secret,
      eventToken: suite?.callback.token,
      eventAesKey: suite?.callback.aesKey,
    };
  };
  return {
    slug: providerApp.slug,
    platform: 'wecom-service-provider',
    displayName: '企业微信（服务商）',
    appType: 'third-party',
    providerCorpId: provider.corpId,
    providerSecret: provider.secret,
    ...fieldsOf(providerApp.suiteId),
    loginSuite: fieldsOf(providerApp.loginSuiteId),
    endpoints: sandbox.endpoints.wecom,
  };
}

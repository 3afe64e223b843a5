import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { SandboxClock } from './clock.js';
import { answerControl } from './control-api.js';
import { createControl, type SandboxControl } from './control.js';
import { dingtalkLoginHost } from './dingtalk/login-host.js';
import { dingtalkNewApiHost } from './dingtalk/new-api-host.js';
import { dingtalkOapiHost } from './dingtalk/oapi-host.js';
import { dingtalkScriptHost } from './dingtalk/script-host.js';
import { seedDingtalkWorld } from './dingtalk/seed.js';
import { DingtalkState } from './dingtalk/state.js';
import type { DingtalkWorld } from './dingtalk/world.js';
import { Faults } from './faults.js';
import { createSandboxServer } from './http/server.js';
import type { SandboxRequest } from './http/request.js';
import { RequestLog } from './request-log.js';
import { aliyunSmsHost } from './sms/aliyun.js';
import { SmsState } from './sms/state.js';
import { tencentSmsHost } from './sms/tencent.js';
import { smsGatewayHost } from './sms/webhook.js';
import { Variation } from './variation.js';
import { JWEIXIN_PATH, JWXWORK_PATH, WECOM_JSSDK_PATH } from './wecom/jsapi-calls.js';
import { wecomScriptHosts } from './wecom/script-hosts.js';
import { seedWecomWorld } from './wecom/seed.js';
import { WecomState } from './wecom/state.js';
import type { WecomWorld } from './wecom/world.js';
import { WecomProvider } from './wecom-provider/provider.js';
import { seedWecomProviderWorld } from './wecom-provider/seed.js';
import { wecomHosts } from './wecom-provider/hosts.js';
import type { WecomProviderWorld } from './wecom-provider/world.js';

export interface SandboxOptions {
  /** 0 (the default): a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly dingtalk?: DingtalkWorld;
  readonly wecom?: WecomWorld;
  readonly wecomProvider?: WecomProviderWorld;
  /** For key order and extra fields: the same seed varies in the same way. */
  readonly seed?: number;
}

/** The base URLs of the imitated hosts, in the words of a connection's `endpoints`. */
export interface SandboxEndpoints {
  readonly dingtalk: { readonly login: string; readonly api: string; readonly oapi: string };
  readonly wecom: {
    readonly login: string;
    readonly open: string;
    readonly openWork: string;
    readonly api: string;
  };
  /** The operator's own gateway, and the base URLs of both clouds. */
  readonly sms: { readonly webhook: string; readonly aliyun: string; readonly tencent: string };
}

/** What a page loads in place of the platforms' own libraries. */
export interface SandboxScripts {
  /** `dd` */
  readonly dingtalk: string;
  /** `wx.config` */
  readonly jweixin: string;
  /** `wx.agentConfig` */
  readonly jwxwork: string;
  /** `ww` */
  readonly wecomJssdk: string;
}

export interface Sandbox {
  /** The origin, without a trailing slash. */
  readonly url: string;
  readonly endpoints: SandboxEndpoints;
  readonly scripts: SandboxScripts;
  readonly control: SandboxControl;
  stop(): Promise<void>;
}

/**
 * DingTalk and WeCom in miniature on one local port: each real host is a path prefix. Written from the platforms'
 * documentation alone, so that it shares no mistake with our clients.
 * @throws Error when NODE_ENV is `production`, or the port is taken
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  if (process.env['NODE_ENV'] === 'production') {
    throw new Error('The sandbox lets anyone sign in as anyone: it does not start in production.');
  }
  const clock = new SandboxClock();
  const variation = new Variation(options.seed ?? 1);
  const faults = new Faults();
  const log = new RequestLog();
  const dingtalk = new DingtalkState(options.dingtalk ?? seedDingtalkWorld(), clock, variation);
  const wecom = new WecomState(options.wecom ?? seedWecomWorld(), clock, variation);
  const wecomProvider = new WecomProvider(
    options.wecomProvider ?? seedWecomProviderWorld(),
    clock,
    variation,
  );
  const sms = new SmsState();
  const parts = { clock, faults, log, variation, dingtalk, wecom, wecomProvider, sms };
  const control = createControl(parts);

  const shared = {
    control: (request: SandboxRequest) => answerControl(control, request),
    clock,
    faults,
    log,
  };
  const server = createSandboxServer({
    ...shared,
    hosts: [
      dingtalkLoginHost(dingtalk),
      dingtalkNewApiHost(dingtalk),
      dingtalkOapiHost(dingtalk),
      dingtalkScriptHost(dingtalk),
      ...wecomHosts(wecom, wecomProvider),
      ...wecomScriptHosts(wecom),
      smsGatewayHost(sms),
    ],
  });
  // Their SDKs take a host and a port, and no path.
  const clouds = [aliyunSmsHost(sms), tencentSmsHost(sms)].map((root) =>
    createSandboxServer({ ...shared, hosts: [], root }),
  );
  const url = await listen(server, options.port ?? 0, options.host ?? '127.0.0.1');
  dingtalk.origin = url;
  wecom.origin = url;
  wecomProvider.state.origin = url;
  const [aliyun = '', tencent = ''] = await Promise.all(
    clouds.map((cloud) => listen(cloud, 0, options.host ?? '127.0.0.1')),
  );
  return {
    url,
    endpoints: endpointsAt(url, { aliyun, tencent }),
    scripts: scriptsAt(url),
    control,
    stop: async () => {
      await wecomProvider.stop();
      await Promise.all([server, ...clouds].map(stop));
    },
  };
}

function endpointsAt(
  url: string,
  clouds: { readonly aliyun: string; readonly tencent: string },
): SandboxEndpoints {
  return {
    dingtalk: {
      login: `${url}/login.dingtalk.com`,
      api: `${url}/api.dingtalk.com`,
      oapi: `${url}/oapi.dingtalk.com`,
    },
    wecom: {
      login: `${url}/login.work.weixin.qq.com`,
      open: `${url}/open.weixin.qq.com`,
      openWork: `${url}/open.work.weixin.qq.com`,
      api: `${url}/qyapi.weixin.qq.com`,
    },
    sms: { ...clouds, webhook: `${url}/sms.example.com/codes` },
  };
}

function scriptsAt(url: string): SandboxScripts {
  return {
    dingtalk: `${url}/g.alicdn.com/dingding/dingtalk-jsapi/3.0.25/dingtalk.open.js`,
    jweixin: `${url}/res.wx.qq.com${JWEIXIN_PATH}`,
    jwxwork: `${url}/open.work.weixin.qq.com${JWXWORK_PATH}`,
    wecomJssdk: `${url}/wwcdn.weixin.qq.com${WECOM_JSSDK_PATH}`,
  };
}

function listen(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo;
      const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      resolve(`http://${shown}:${address.port}`);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

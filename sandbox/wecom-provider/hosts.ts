import type { PlatformHost } from '../http/platform-host.js';
import { wecomApiHost } from '../wecom/api-host.js';
import { wecomInAppHost } from '../wecom/in-app-login.js';
import type { WecomState } from '../wecom/state.js';
import { wecomLoginHost, wecomOldLoginHost } from '../wecom/web-login.js';
import { providerApiCalls, providerRefusal } from './api-calls.js';
import { providerInAppCalls } from './in-app-login.js';
import { installPageCalls } from './install-pages.js';
import { providerJsapiCalls } from './jsapi.js';
import type { WecomProvider } from './provider.js';
import { sharedHost } from './shared-host.js';
import { oldLoginCalls, providerLoginCalls } from './web-login.js';

/** WeCom's hosts, for self-built apps and for a service provider. */
export function wecomHosts(wecom: WecomState, provider: WecomProvider): PlatformHost[] {
  const { state } = provider;
  return [
    sharedHost(wecomLoginHost(wecom), providerLoginCalls(state)),
    sharedHost(wecomOldLoginHost(wecom), [
      ...oldLoginCalls(state),
      ...installPageCalls(provider),
      ...providerJsapiCalls(wecom, state),
    ]),
    sharedHost(wecomInAppHost(wecom), providerInAppCalls(state)),
    sharedHost(wecomApiHost(wecom), providerApiCalls(state), providerRefusal(state)),
  ];
}

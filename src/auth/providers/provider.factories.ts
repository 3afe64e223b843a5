import { openDingtalk } from './dingtalk/dingtalk.provider.js';
import { openLocal } from './local/local.provider.js';
import type { AnyProviderFactory, Platform } from './provider.js';
import { openWecomSelfBuilt } from './wecom-self-built/wecom-self-built.provider.js';
import { openWecomServiceProvider } from './wecom-service-provider/wecom-service-provider.provider.js';

/** One line for each platform; the compiler checks that none is missing. */
export const providerFactories = {
  dingtalk: openDingtalk,
  'wecom-self-built': openWecomSelfBuilt,
  'wecom-service-provider': openWecomServiceProvider,
  local: openLocal,
} satisfies Record<Platform, AnyProviderFactory>;

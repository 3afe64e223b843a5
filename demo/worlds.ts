import { randomBytes } from 'node:crypto';

import { seedDingtalkWorld } from '../sandbox/dingtalk/seed.js';
import type { DingtalkWorld } from '../sandbox/dingtalk/world.js';
import { seedWecomWorld } from '../sandbox/wecom/seed.js';
import type { WecomWorld } from '../sandbox/wecom/world.js';
import { seedWecomProviderWorld } from '../sandbox/wecom-provider/seed.js';
import type { WecomProviderWorld } from '../sandbox/wecom-provider/world.js';

/**
 * The sandbox's companies with secrets of this run. The demo's database stays and holds platform tokens; those of an
 * earlier run, which these platforms never gave out, belong to other secrets and are not used.
 */
export function newWorlds(): {
  readonly dingtalk: DingtalkWorld;
  readonly wecom: WecomWorld;
  readonly wecomProvider: WecomProviderWorld;
} {
  const [dingtalk, wecom] = [seedDingtalkWorld(), seedWecomWorld()];
  const wecomProvider = seedWecomProviderWorld();
  for (const app of dingtalk.corps.flatMap(({ apps }) => apps)) app.clientSecret = newSecret();
  for (const app of wecom.corps.flatMap(({ apps }) => apps)) app.secret = newSecret();
  wecomProvider.provider.secret = newSecret();
  for (const suite of wecomProvider.provider.suites) suite.secret = newSecret();
  return { dingtalk, wecom, wecomProvider };
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

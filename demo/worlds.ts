import { randomBytes } from 'node:crypto';

import { seedDingtalkWorld } from '../sandbox/dingtalk/seed.js';
import type { DingtalkWorld } from '../sandbox/dingtalk/world.js';
import { seedWecomWorld } from '../sandbox/wecom/seed.js';
import type { WecomWorld } from '../sandbox/wecom/world.js';

/**
 * The sandbox's companies with secrets of this run. The demo's database stays and holds platform tokens; those of an
 * earlier run, which these platforms never gave out, belong to other secrets and are not used.
 */
export function newWorlds(): { readonly dingtalk: DingtalkWorld; readonly wecom: WecomWorld } {
  const [dingtalk, wecom] = [seedDingtalkWorld(), seedWecomWorld()];
  for (const app of dingtalk.corps.flatMap(({ apps }) => apps)) app.clientSecret = newSecret();
  for (const app of wecom.corps.flatMap(({ apps }) => apps)) app.secret = newSecret();
  return { dingtalk, wecom };
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

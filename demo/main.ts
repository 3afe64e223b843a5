import { check } from './check/check.js';
import { openStage } from './stage.js';

/** `npm run demo`: the whole of it on one machine. `-- --check` walks every platform without a browser and ends with 0 or 1. */
const stage = await openStage();
let stopping = false;
const end = async (code: number): Promise<void> => {
  if (stopping) return;
  stopping = true;
  await stage.stop();
  process.exit(code);
};
process.on('SIGINT', () => void end(0));
process.on('SIGTERM', () => void end(0));

if (process.argv.includes('--check')) {
  await end((await check(stage)) ? 0 : 1);
} else {
  process.stdout.write(`
  Open   ${stage.app.url}          sign in on a platform, see the verified claims
  Steer  ${stage.sandbox.url}/control  the sandbox platforms: clock, faults, codes by SMS
  Lingpai itself is ${stage.issuer}. Ctrl-C ends everything.

`);
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { caddyHere, TestCaddy } from '../fixtures/caddy.js';
import { Deployment } from '../fixtures/deployment.js';
import { eventually } from '../fixtures/eventually.js';
import { freePort } from '../fixtures/ports.js';
import { redisHere, TestRedis } from '../fixtures/redis.js';
import type { ReplicaProcess } from '../fixtures/replica-process.js';
import { SignInLoad } from '../fixtures/sign-in-load.js';

const people = 6;
const seconds = (count: number): number => count * 1000;

/** Two replicas, as they are delivered behind Caddy, with people who sign in all the time. */
class Stage {
  private constructor(
    readonly deployment: Deployment,
    readonly caddy: TestCaddy,
    readonly redis: TestRedis | undefined,
    readonly load: SignInLoad,
  ) {}

  static async open(options: { readonly redis?: boolean } = {}): Promise<Stage> {
    const issuer = `http://localhost:${await freePort()}`;
    const redis = options.redis ? await TestRedis.start() : undefined;
    const deployment = await Deployment.start({
      replicas: 2,
      issuer,
      env: {
        LOG_LEVEL: 'info',
        TRUST_PROXY: '1',
        SHUTDOWN_DELAY_SECONDS: '3',
        // All of them come from one address here.
        LIMIT_SIGN_IN_PER_MINUTE: '0',
        LIMIT_TOKEN_PER_MINUTE: '0',
        LIMIT_API_PER_MINUTE: '0',
        ...(redis && { REDIS_URL: redis.url }),
      },
    });
    const caddy = await TestCaddy.start(
      issuer,
      deployment.replicas.map(({ url }) => url),
    );
    const stage = new Stage(deployment, caddy, redis, new SignInLoad(issuer, { people }));
    stage.load.start();
    for (const replica of deployment.replicas) await stage.serves(replica);
    return stage;
  }

  /** Until people sign in at this replica. */
  async serves(replica: ReplicaProcess): Promise<void> {
    const before = signInsAt(replica);
    await eventually(() => expect(signInsAt(replica)).toBeGreaterThan(before + people), 20_000);
  }

  async close(): Promise<void> {
    await this.load.stop();
    await this.caddy.stop();
    await this.deployment.stop();
    await this.redis?.remove();
  }
}

/** How many sign-ins ended well at a replica, by its own log. */
function signInsAt(replica: ReplicaProcess): number {
  return replica.output.split('"msg":"sign_in: ok"').length - 1;
}

const complaintsIn = (log: string) =>
  log.split('\n').filter((line) => /"level":"(?:warn|error)"/.test(line));

const grounds = [
  ['with Postgres alone', false, 2],
  ...(redisHere ? ([['with Redis', true, 1]] as const) : []),
] as const;

(caddyHere ? describe : describe.skip).each(grounds)(
  'two replicas behind Caddy %s, under a constant load,',
  (_ground, redis, rounds) => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await Stage.open({ redis });
    }, seconds(60));
    afterAll(() => stage.close(), seconds(60));

    it(
      'are restarted one after the other without the loss of one sign-in',
      async () => {
        const { deployment, load } = stage;
        const before = load.count;
        for (let round = 0; round < rounds; round += 1) {
          for (const replica of deployment.replicas) {
            const printed = replica.output.length;
            expect(await replica.terminate()).toBe(0);
            expect(complaintsIn(replica.output.slice(printed))).toEqual([]);
            await replica.start();
            await stage.serves(replica);
          }
        }
        expect(load.lost).toEqual([]);
        expect(load.count - before).toBeGreaterThan(100);
      },
      seconds(90),
    );

    it(
      'lose at most what is under way when one is killed, and nothing after that',
      async () => {
        const { deployment, load } = stage;
        const [killed, left] = deployment.replicas as [ReplicaProcess, ReplicaProcess];
        const killedAt = Date.now();
        killed.signal('SIGKILL');
        await killed.ended;
        await stage.serves(left);
        await killed.start();
        await stage.serves(killed);
        await load.stop();
        process.stdout.write(`sign-ins lost with a replica that was killed: ${load.lost.length}\n`);
        // Until the proxy has looked, it gives a request to the dead one, and nobody may repeat a POST.
        expect(load.lost.length).toBeLessThanOrEqual(3 * people);
        expect(load.lost.filter(({ beganAt }) => beganAt.getTime() > killedAt + 3000)).toEqual([]);
      },
      seconds(60),
    );
  },
);

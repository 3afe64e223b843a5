import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { DataSource } from 'typeorm';

import { Public } from '../common/access.js';
import { RedisLink } from '../redis/redis-link.js';
import { Lifecycle } from './lifecycle.js';

const databaseLimitMs = 2000;

/** Is the process alive; can it do its work. */
@Controller('health')
@Public()
export class HealthController {
  constructor(
    private readonly lifecycle: Lifecycle,
    private readonly dataSource: DataSource,
    private readonly redis: RedisLink,
  ) {}

  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** Ready without Redis too, if slower: `degraded` says so, and is no reason to take the replica out. */
  @Get('ready')
  async ready(@Res() response: Response): Promise<void> {
    const { phase } = this.lifecycle;
    const [database, redis] = await Promise.all([
      phase === 'starting' ? ('waiting' as const) : this.#database(),
      this.redis.look(),
    ]);
    const ok = phase === 'running' && database === 'ok';
    const status = !ok ? 'unavailable' : redis === 'unreachable' ? 'degraded' : 'ok';
    response
      .status(ok ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status, phase, database, ...(redis !== 'off' && { redis }) });
  }

  async #database(): Promise<'ok' | 'unreachable'> {
    const late = new Promise<'unreachable'>((resolve) => {
      setTimeout(() => resolve('unreachable'), databaseLimitMs).unref();
    });
    const asked = this.dataSource.query('select 1').then(
      () => 'ok' as const,
      () => 'unreachable' as const,
    );
    return Promise.race([asked, late]);
  }
}

import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { DataSource } from 'typeorm';

import { Public } from '../common/access.js';
import { Lifecycle } from './lifecycle.js';

const databaseLimitMs = 2000;

/** Is the process alive; can it do its work. */
@Controller('health')
@Public()
export class HealthController {
  constructor(
    private readonly lifecycle: Lifecycle,
    private readonly dataSource: DataSource,
  ) {}

  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  async ready(@Res() response: Response): Promise<void> {
    const { phase } = this.lifecycle;
    const database = phase === 'starting' ? 'waiting' : await this.#database();
    const ok = phase === 'running' && database === 'ok';
    response
      .status(ok ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({ status: ok ? 'ok' : 'unavailable', phase, database });
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

import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';

import { Public } from '../common/access.js';
import { Unlimited } from '../common/limited.js';
import { Readiness } from './readiness.js';

/** Is the process alive; can it do its work. */
@Controller('health')
@Public()
@Unlimited()
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** As long as anything is answered at all: asks nobody. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** 200 also where it is only `degraded`: no reason to take the replica out. */
  @Get('ready')
  async ready(@Res() response: Response): Promise<void> {
    const report = await this.readiness.report();
    response
      .status(report.status === 'unavailable' ? 503 : 200)
      .set('Cache-Control', 'no-store')
      .json(report);
  }
}

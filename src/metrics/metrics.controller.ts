import { createHash, timingSafeEqual } from 'node:crypto';

import { Controller, Get, Headers, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';

import { Public } from '../common/access.js';
import { AppError } from '../common/app-error.js';
import { Unlimited } from '../common/limited.js';
import { Config } from '../config/config.js';
import { MetricsRegistry } from './metrics-registry.js';

/**
 * What was counted, for Prometheus. Holds no secret and no person; it tells how a company works all the same, so it can be closed with
 * METRICS_TOKEN.
 */
@ApiExcludeController()
@Controller('metrics')
@Public()
@Unlimited()
export class MetricsController {
  constructor(
    private readonly metrics: MetricsRegistry,
    private readonly config: Config,
  ) {}

  /** @throws AppError `token_missing`, `token_invalid` */
  @Get()
  async read(
    @Headers('authorization') authorization: string | undefined,
    @Res() response: Response,
  ): Promise<void> {
    this.#admit(authorization);
    const text = await this.metrics.text();
    response.set({ 'Content-Type': this.metrics.contentType, 'Cache-Control': 'no-store' });
    response.end(text);
  }

  #admit(authorization: string | undefined): void {
    const { metricsToken } = this.config;
    if (!metricsToken) return;
    const given = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    if (given === undefined)
      throw new AppError('token_missing', 'The metrics want METRICS_TOKEN as a bearer token.');
    if (!timingSafeEqual(digest(given), digest(metricsToken.reveal())))
      throw new AppError('token_invalid', 'This is not the token of the metrics.');
  }
}

/** Of one length, whatever was given. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

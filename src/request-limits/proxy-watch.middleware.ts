import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

import { Logger } from '../common/logger.js';
import { Config } from '../config/config.js';
import { type ProxyFault, proxyFault } from './proxy-fault.js';

const words: Readonly<Record<ProxyFault, string>> = {
  'names none':
    'a request was limited that says that it was forwarded: if that was a proxy of yours, TRUST_PROXY must name it, or everybody counts as one address',
  'names too few':
    'a request was limited that came from an inner address, and says that it was forwarded there: if that is a proxy of yours, TRUST_PROXY must name or count it too, or everybody counts as one address',
  'counts too many':
    'a request passed fewer proxies than TRUST_PROXY counts, so whoever sends one that way may choose the address that they count as: it must be the number of proxies that every request passes',
};

/**
 * Tells operators, once for each, what may be wrong with TRUST_PROXY: where a limit of whatever kind refused a request, or where a caller could
 * choose their address. What the header says is told nowhere.
 */
@Injectable()
export class ProxyWatch implements NestMiddleware {
  readonly #told = new Set<ProxyFault>();

  constructor(
    private readonly config: Config,
    private readonly logger: Logger,
  ) {}

  use(request: Request, response: Response, next: NextFunction): void {
    const fault = proxyFault(this.config.trustProxy, request);
    if (fault && !this.#told.has(fault)) {
      if (fault === 'counts too many') this.#tell(fault);
      else
        response.once('finish', () => {
          if (response.statusCode === 429) this.#tell(fault);
        });
    }
    next();
  }

  #tell(fault: ProxyFault): void {
    if (this.#told.has(fault)) return;
    this.#told.add(fault);
    this.logger.warn({}, words[fault]);
  }
}

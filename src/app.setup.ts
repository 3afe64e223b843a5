import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';

import { headRequests } from './auth/sign-in/head-requests.middleware.js';
import { BrowserCors } from './auth/issuer/browser-cors.middleware.js';
import { IssuerMiddleware } from './auth/issuer/issuer.middleware.js';
import { Logger } from './common/logger.js';
import { ProblemFilter } from './common/problem.filter.js';
import { requestValidation } from './common/request-validation.js';
import { requestId } from './common/request-id.middleware.js';
import { Config } from './config/config.js';
import { StartGate } from './health/start-gate.middleware.js';
import { httpHeaders } from './http-headers/http-headers.js';
import { setUpOpenApi } from './openapi/openapi.js';
import { RequestWatch } from './request-log/request-watch.middleware.js';
import { ProxyWatch } from './request-limits/proxy-watch.middleware.js';

/** A page's form and a call's JSON; the engine, the platforms' callbacks and the import have rules of their own. */
const bodies = { limit: '100kb' };

/**
 * What every request passes, in order. Shared with the tests that boot the service. To be called before `app.init()`, so that the
 * protocol engine stands in front of Nest's body parser.
 */
export function setUpApp(app: INestApplication): void {
  const express = app as NestExpressApplication;
  const { trustProxy, issuerUrl } = app.get(Config);
  express.set('trust proxy', trustProxy);
  express.disable('x-powered-by');
  // A body's hash would say whether two answers that nobody may keep are the same.
  express.disable('etag');
  const watch = app.get(RequestWatch);
  const proxies = app.get(ProxyWatch);
  const gate = app.get(StartGate);
  const cors = app.get(BrowserCors);
  const issuer = app.get(IssuerMiddleware);
  app.use(httpHeaders(issuerUrl));
  app.use(requestId);
  app.use(watch.use.bind(watch));
  app.use(proxies.use.bind(proxies));
  app.use(gate.use.bind(gate));
  app.use(headRequests);
  app.use(cors.use.bind(cors));
  app.use(issuer.use.bind(issuer));
  express.useBodyParser('json', bodies);
  express.useBodyParser('urlencoded', { ...bodies, extended: true });
  app.useGlobalPipes(requestValidation());
  setUpOpenApi(app);
  app.useGlobalFilters(new ProblemFilter(app.get(Logger)));
}

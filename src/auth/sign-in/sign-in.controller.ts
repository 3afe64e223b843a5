import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Public } from '../../common/access.js';
import { Limited } from '../../common/limited.js';
import { OidcEngine } from '../issuer/oidc-engine.js';
import { readBrowser, sendAnswer } from './browser-request.js';
import { Callback } from './callback.js';
import { HandOff } from './hand-off.js';
import { PageFilter } from './page.filter.js';

/** The browser's way through a sign-in. Each step is tied to its browser by a cookie, which is its guard. */
@Controller()
@Public()
@Limited('sign-in')
@UseFilters(PageFilter)
export class SignInController {
  constructor(
    private readonly engine: OidcEngine,
    private readonly handOff: HandOff,
    private readonly callback: Callback,
  ) {}

  @Get('login/:uid')
  async login(
    @Param('uid') uid: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const tiedTo = this.engine.interactionCookie(request, response);
    sendAnswer(response, await this.handOff.loginPage(uid, tiedTo, readBrowser(request)));
  }

  @Get('login/:uid/:slug')
  async toPlatform(
    @Param('uid') uid: string,
    @Param('slug') slug: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const tiedTo = this.engine.interactionCookie(request, response);
    sendAnswer(response, await this.handOff.toPlatform(uid, slug, tiedTo, readBrowser(request)));
  }

  @Get('callback/:slug')
  async back(
    @Param('slug') slug: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const query = new URL(request.originalUrl, 'http://callback').searchParams;
    sendAnswer(
      response,
      await this.callback.receive(
        slug,
        query,
        readBrowser(request),
        this.engine.sessionCookie(request, response),
      ),
    );
  }
}

import { Body, Controller, Get, Param, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Public } from '../../../common/access.js';
import { Limited } from '../../../common/limited.js';
import { OidcEngine } from '../../issuer/oidc-engine.js';
import { readBrowser, sendAnswer } from '../browser-request.js';
import { PageFilter } from '../page.filter.js';
import { Steps } from './steps.js';

/** The pages of a sign-in that asks for more. The browser's cookie is their guard, and a token on each form. */
@Controller('continue/:id')
@Public()
@Limited('sign-in')
@UseFilters(PageFilter)
export class StepsController {
  constructor(
    private readonly engine: OidcEngine,
    private readonly steps: Steps,
  ) {}

  @Get()
  async show(
    @Param('id') id: string,
    @Query('view') view: unknown,
    @Query('complaint') complaint: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const [page, said] = [view, complaint].map((value) =>
      typeof value === 'string' ? value : undefined,
    );
    sendAnswer(response, await this.steps.show(id, page, said, readBrowser(request)));
  }

  @Get('with/:slug')
  async withOther(
    @Param('id') id: string,
    @Param('slug') slug: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    sendAnswer(response, await this.steps.withOther(id, slug, readBrowser(request)));
  }

  @Post(':action')
  async act(
    @Param('id') id: string,
    @Param('action') action: string,
    @Body() form: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const sessionId = this.engine.sessionCookie(request, response);
    sendAnswer(response, await this.steps.act(id, action, form, readBrowser(request), sessionId));
  }
}

import { Body, Controller, Get, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Public } from '../../../common/access.js';
import { Limited } from '../../../common/limited.js';
import { OidcEngine } from '../../issuer/oidc-engine.js';
import { readBrowser, sendAnswer } from '../browser-request.js';
import { PageFilter } from '../page.filter.js';
import { field } from '../steps/step-request.js';
import { BindingLink } from './binding-link.js';

/** The pages of a binding link. The session and the browser's cookie are their guard. */
@Controller('bind')
@Public()
@Limited('sign-in')
@UseFilters(PageFilter)
export class BindingController {
  constructor(
    private readonly engine: OidcEngine,
    private readonly link: BindingLink,
  ) {}

  @Get(':ticket')
  async open(
    @Param('ticket') ticket: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const sessionId = this.engine.sessionCookie(request, response);
    sendAnswer(response, await this.link.open(ticket, readBrowser(request), sessionId));
  }

  @Get(':ticket/sign-in')
  signIn(@Param('ticket') ticket: string, @Res() response: Response): void {
    sendAnswer(response, this.link.signIn(ticket));
  }

  @Get('again/:id')
  async again(
    @Param('id') id: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    sendAnswer(response, await this.link.again(id, readBrowser(request)));
  }

  @Get('confirm/:id')
  async confirmPage(
    @Param('id') id: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const sessionId = this.engine.sessionCookie(request, response);
    sendAnswer(response, await this.link.confirmPage(id, readBrowser(request), sessionId));
  }

  @Post('confirm/:id')
  async confirm(
    @Param('id') id: string,
    @Body() form: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const sessionId = this.engine.sessionCookie(request, response);
    const csrf = field(form, 'csrf');
    sendAnswer(response, await this.link.confirm(id, csrf, readBrowser(request), sessionId));
  }

  @Post('cancel/:id')
  async cancel(
    @Param('id') id: string,
    @Body() form: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const csrf = field(form, 'csrf');
    sendAnswer(response, await this.link.cancel(id, csrf, readBrowser(request)));
  }
}

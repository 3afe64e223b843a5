import { Body, Controller, Get, Param, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';

import { Public } from '../../common/access.js';
import { Limited } from '../../common/limited.js';
import { OidcEngine } from '../issuer/oidc-engine.js';
import { readBrowser, sendAnswer } from '../sign-in/browser-request.js';
import { OwnSignIn } from '../sign-in/own-sign-in.js';
import { PageFilter } from '../sign-in/page.filter.js';
import { field } from '../sign-in/steps/step-request.js';
import { AccountPage } from './account-page.js';

/** Self service in the browser. The session is its guard, and a token on each form. */
@ApiExcludeController()
@Controller('account')
@Public()
@Limited('sign-in')
@UseFilters(PageFilter)
export class AccountController {
  constructor(
    private readonly engine: OidcEngine,
    private readonly ownSignIn: OwnSignIn,
    private readonly account: AccountPage,
  ) {}

  @Get()
  async show(
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const sessionId = this.engine.sessionCookie(request, response);
    sendAnswer(response, await this.account.show(readBrowser(request), sessionId, query));
  }

  /** Back from a sign-in of our own. */
  @Get('signed-in')
  signedIn(
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
    @Res() response: Response,
  ): void {
    const { error, error_description: words, state } = query;
    const text = (value: unknown): string => (typeof value === 'string' ? value : '');
    if (text(error)) {
      // Only a code is shown, whatever a link may say.
      const code = /^[a-z_]{3,40}(?=:)/.exec(text(words))?.[0] ?? 'request_invalid';
      sendAnswer(response, this.ownSignIn.failed(code, readBrowser(request)));
      return;
    }
    sendAnswer(response, this.ownSignIn.end(text(state), request.get('cookie')));
  }

  @Post('bindings/:slug')
  async bind(
    @Param('slug') slug: string,
    @Body() form: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const sessionId = this.engine.sessionCookie(request, response);
    const csrf = field(form, 'csrf');
    sendAnswer(response, await this.account.bind(slug, csrf, readBrowser(request), sessionId));
  }

  @Post('identities/:id/unbind')
  async unbind(
    @Param('id') id: string,
    @Body() form: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const sessionId = this.engine.sessionCookie(request, response);
    const csrf = field(form, 'csrf');
    sendAnswer(response, await this.account.unbind(id, csrf, readBrowser(request), sessionId));
  }

  @Post('sign-out-everywhere')
  async signOutEverywhere(
    @Body() form: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const sessionId = this.engine.sessionCookie(request, response);
    const csrf = field(form, 'csrf');
    sendAnswer(
      response,
      await this.account.signOutEverywhere(csrf, readBrowser(request), sessionId),
    );
  }
}

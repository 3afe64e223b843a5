import { Controller, Get, Head, Header, Param, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Public } from '../../common/access.js';
import { Limited } from '../../common/limited.js';
import { readBrowser, sendAnswer } from '../sign-in/browser-request.js';
import { PageFilter } from '../sign-in/page.filter.js';
import { InstallCallback } from './install-callback.js';
import { InstallPage } from './install-page.js';

/** The browser's way through an installation. The link's ticket and the browser's cookie are its guard. */
@Controller('install')
@Public()
@Limited('sign-in')
@UseFilters(PageFilter)
export class InstallController {
  constructor(
    private readonly page: InstallPage,
    private readonly callback: InstallCallback,
  ) {}

  /** A link preview or a virus scanner: it uses nothing up and learns nothing. Before GET, which would answer HEAD too. */
  @Head([':ticket', ':slug/callback'])
  @Header('Cache-Control', 'no-store')
  preview(): void {
    return;
  }

  @Get(':ticket')
  async open(
    @Param('ticket') ticket: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    sendAnswer(response, await this.page.open(ticket, readBrowser(request)));
  }

  @Get(':slug/callback')
  async back(
    @Param('slug') slug: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const query = new URL(request.originalUrl, 'http://callback').searchParams;
    sendAnswer(response, await this.callback.receive(slug, query, readBrowser(request)));
  }
}

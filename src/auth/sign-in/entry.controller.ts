import { Controller, Get, Param, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Public } from '../../common/access.js';
import { Limited } from '../../common/limited.js';
import { type BrowserAnswer, readBrowser, sendAnswer } from './browser-request.js';
import { Entry } from './entry.js';
import { PageFilter } from './page.filter.js';

/** The link that goes into a platform's workbench (应用主页). */
@Controller('entry')
@Public()
@Limited('sign-in')
@UseFilters(PageFilter)
export class EntryController {
  constructor(private readonly entry: Entry) {}

  @Get(':slug')
  async enter(
    @Param('slug') slug: string,
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const answer: BrowserAnswer = await this.entry.resolve(slug, query, readBrowser(request));
    sendAnswer(response, answer);
  }
}

import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';

import { Public } from '../common/access.js';
import { LimitedInside } from '../common/limited.js';
import { Callbacks } from './callbacks.js';
import { rawBodyOf } from './raw-callback.middleware.js';

type CallbackHttp = Request & { readonly id?: string };

/** The URLs that the platforms' consoles are told. Who may call them shows in the signature alone. */
@ApiExcludeController()
@Controller('events')
@Public()
@LimitedInside('refused')
export class CallbacksController {
  constructor(private readonly callbacks: Callbacks) {}

  /** A test of the URL. */
  @Get([':slug', ':slug/:channel'])
  async verify(
    @Param('slug') slug: string,
    @Param('channel') channel: string | undefined,
    @Req() request: CallbackHttp,
    @Res() response: Response,
  ): Promise<void> {
    await this.#answer('GET', slug, channel, request, response);
  }

  @Post([':slug', ':slug/:channel'])
  async receive(
    @Param('slug') slug: string,
    @Param('channel') channel: string | undefined,
    @Req() request: CallbackHttp,
    @Res() response: Response,
  ): Promise<void> {
    await this.#answer('POST', slug, channel, request, response);
  }

  async #answer(
    method: 'GET' | 'POST',
    slug: string,
    channel: string | undefined,
    request: CallbackHttp,
    response: Response,
  ): Promise<void> {
    const { contentType, body } = await this.callbacks.receive({
      slug,
      channel,
      request: { method, query: queryOf(request), body: rawBodyOf(request) },
      ip: request.ip,
      requestId: request.id,
    });
    response
      .status(200)
      .set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' })
      .type(contentType)
      .send(body);
  }
}

/** As it was sent: Express would make lists and objects of some. */
function queryOf({ originalUrl }: Request): URLSearchParams {
  const at = originalUrl.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : originalUrl.slice(at));
}

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { Controller, HttpCode, type OnModuleDestroy, Post, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiConsumes,
  ApiOkResponse,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';

import { type Actor, CurrentActor, RequiresScope } from '../../common/access.js';
import { AppError } from '../../common/app-error.js';
import { Limited } from '../../common/limited.js';
import { allowLongBody } from '../../http-server/long-bodies.js';
import { AccountImport } from './account-import.js';
import type { ImportResult } from './import-row.js';

const mediaType = 'application/x-ndjson';

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('api/v1/accounts/import')
@RequiresScope('accounts:write')
@Limited('api')
export class ImportController implements OnModuleDestroy {
  /** What is under way. */
  readonly #open = new Map<Request, Promise<void>>();

  constructor(private readonly accounts: AccountImport) {}

  /**
   * Brings existing people in: a JSON object in each line (an account's fields, `id`, `identities: [{connection, subject}]`), answered by
   * one line each: `created`, `exists` or `failed`. Safe to repeat.
   */
  @Post()
  @HttpCode(200)
  @ApiConsumes(mediaType)
  @ApiProduces(mediaType)
  @ApiBody({ schema: { type: 'string', description: 'NDJSON' } })
  @ApiOkResponse({ schema: { type: 'string', description: 'NDJSON' } })
  async import(
    @Req() request: Request,
    @Res() response: Response,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    if (!request.is(mediaType)) {
      throw new AppError('request_invalid', `The body must be ${mediaType}.`, {
        errors: [{ field: 'Content-Type', message: `must be ${mediaType}` }],
      });
    }
    allowLongBody(request);
    const work = this.#answer(request, response, actor);
    this.#open.set(request, work);
    await work.finally(() => this.#open.delete(request));
  }

  /** What has been received whole is finished; who still sends is cut off after the batch under way, since that may last for minutes. */
  async onModuleDestroy(): Promise<void> {
    for (const request of this.#open.keys()) if (!request.complete) request.destroy();
    await Promise.allSettled(this.#open.values());
  }

  async #answer(request: Request, response: Response, actor: Actor): Promise<void> {
    const batches = this.accounts.run(request, actor);
    try {
      // A fault of ours that comes before any result is answered as elsewhere.
      const first = await batches.next();
      const lines = Readable.from(inLines(first, batches));
      // Nothing more is read while the caller does not take the answers, and nothing once it is gone.
      await pipeline(lines, response.status(200).type(mediaType));
    } catch (error) {
      if (!isGone(error, request)) throw error;
    } finally {
      await batches.return(undefined);
    }
  }
}

async function* inLines(
  first: IteratorResult<readonly ImportResult[], unknown>,
  rest: AsyncIterable<readonly ImportResult[]>,
): AsyncGenerator<string> {
  if (first.done) return;
  yield written(first.value);
  for await (const results of rest) yield written(results);
}

function written(results: readonly ImportResult[]): string {
  return results.map((result) => `${JSON.stringify(result)}\n`).join('');
}

/** What a stream says whose other end went away, during the answer or before it; the latter is named differently by Node 24. */
const goneCodes = new Set<unknown>(['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_UNABLE_TO_PIPE']);

/** Whether the caller went away, while sending or while taking the answer: no fault of anybody. */
function isGone(error: unknown, request: Request): boolean {
  return error === request.errored || goneCodes.has((error as { code?: unknown }).code);
}

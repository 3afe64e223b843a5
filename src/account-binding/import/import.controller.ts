import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
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
import { AccountImport } from './account-import.js';
import type { ImportResult } from './import-row.js';

const mediaType = 'application/x-ndjson';

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('api/v1/accounts/import')
@RequiresScope('accounts:write')
export class ImportController {
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
    response.status(200).type(mediaType);
    const lines = Readable.from(inLines(this.accounts.run(request, actor)));
    // Nothing more is read while the caller does not take the answers, and nothing once it is gone.
    await pipeline(lines, response).catch((error: unknown) => {
      if ((error as { code?: string }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    });
  }
}

async function* inLines(batches: AsyncIterable<readonly ImportResult[]>): AsyncGenerator<string> {
  for await (const results of batches)
    yield results.map((result) => `${JSON.stringify(result)}\n`).join('');
}

import { once } from 'node:events';

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
    for await (const results of this.accounts.run(request, actor)) {
      if (response.destroyed) break;
      const text = results.map((result) => `${JSON.stringify(result)}\n`).join('');
      // Nothing more is read while the caller does not take the answers.
      if (!response.write(text))
        await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
    response.end();
  }
}

import { Controller, Get, NotFoundException, Param, Res } from '@nestjs/common';
import type { Response } from 'express';

import { Public } from '../../common/access.js';
import { Unlimited } from '../../common/limited.js';
import { assets } from './pages/assets.js';

/** The pages' style sheet and scripts. Their names hold a hash of their content, so they never change. */
@Controller('assets')
@Public()
@Unlimited()
export class AssetsController {
  @Get(':name')
  read(@Param('name') name: string, @Res() response: Response): void {
    const asset = assets.get(`/assets/${name}`);
    if (!asset) throw new NotFoundException();
    response
      .set({
        'Content-Type': asset.contentType,
        'Cache-Control': 'public, max-age=31536000, immutable',
        'X-Content-Type-Options': 'nosniff',
        ETag: asset.etag,
      })
      .send(asset.body);
  }
}

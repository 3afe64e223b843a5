import { Injectable } from '@nestjs/common';

import { AuditService } from '../../../audit/audit.service.js';
import type { Actor } from '../../../common/access.js';
import type { Revocation } from './key-changes.js';
import { type PublishedKey, SigningKeys } from './signing-keys.js';

/** What administrators do to the keys, by the API or at the command line. */
@Injectable()
export class KeyAdministration {
  constructor(
    private readonly keys: SigningKeys,
    private readonly audit: AuditService,
  ) {}

  /** Makes the next key. @returns it, or the one that waits for its turn already */
  async rotate(actor: Actor): Promise<PublishedKey> {
    const kid = await this.keys.rotate();
    this.audit.record({ action: 'signing_key.rotate', outcome: 'ok', details: { kid }, ...actor });
    return this.keys.view(kid);
  }

  /** Takes a key back at once. @throws AppError `signing_key_not_found` */
  async revoke(kid: string, actor: Actor): Promise<Revocation> {
    const revocation = await this.keys.revoke(kid);
    const details = { kid, ...revocation };
    this.audit.record({ action: 'signing_key.revoke', outcome: 'ok', details, ...actor });
    return revocation;
  }
}

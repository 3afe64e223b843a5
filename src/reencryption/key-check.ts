import { Injectable } from '@nestjs/common';

import { Encryption } from '../common/encryption.js';
import { Logger } from '../common/logger.js';
import { SealedPlaces } from '../database/sealed-places.js';

/** Something that lasts is sealed with a key that is not in SECRET_KEY. */
export class UnknownSecretKeysError extends Error {
  override readonly name = 'UnknownSecretKeysError';

  /** @param found e.g. `connections: 2 under key 1a2b3c4d` */
  constructor(found: readonly string[]) {
    super(
      `SECRET_KEY cannot open what is stored: ${found.join('; ')}. Put that key back into the list, behind the first one; it may leave the list once everything is encrypted anew.`,
    );
  }
}

/** Says at the start whether SECRET_KEY is the key, or among the keys, of what is stored: by the names of keys, nothing is opened. */
@Injectable()
export class KeyCheck {
  constructor(
    private readonly places: SealedPlaces,
    private readonly encryption: Encryption,
    private readonly logger: Logger,
  ) {}

  /** @throws UnknownSecretKeysError */
  async run(): Promise<void> {
    const [first, ...others] = this.encryption.keyIds;
    const unknown: string[] = [];
    const sealedByOthers: Record<string, number> = {};
    for (const place of this.places.list()) {
      if (place.isRenewable) continue;
      for (const [keyId, count] of await place.countByKey()) {
        if (keyId === first) continue;
        if (others.includes(keyId))
          sealedByOthers[place.name] = (sealedByOthers[place.name] ?? 0) + count;
        else unknown.push(`${place.name}: ${count} under key ${keyId || '(none)'}`);
      }
    }
    if (unknown.length > 0) throw new UnknownSecretKeysError(unknown);
    if (others.length === 0) return;
    const all = Object.keys(sealedByOthers).length === 0;
    this.logger.info(
      { keyId: first, otherKeyIds: others, sealedByOthers },
      all
        ? 'everything that lasts is sealed with the first key of SECRET_KEY'
        : 'some of what lasts is sealed with other keys of SECRET_KEY than the first',
    );
  }
}

import { Injectable } from '@nestjs/common';

import { Encryption, UnreadableSecretError } from '../common/encryption.js';
import { Logger } from '../common/logger.js';
import { type SealedPlace, SealedPlaces, type SealedValue } from '../database/sealed-places.js';
import type { PlaceReport, ReencryptionReport } from './reencryption-report.js';

/** A value that was changed under our hands may have been sealed by an older key again: it is looked at once more. */
const mostRounds = 5;

/**
 * Seals whatever older keys of SECRET_KEY have sealed anew, with the first one, while the service runs. What somebody else changes
 * meanwhile is never overwritten, so that it may run twice, at several replicas at once, and be killed at any point.
 */
@Injectable()
export class Reencryption {
  constructor(
    private readonly places: SealedPlaces,
    private readonly encryption: Encryption,
    private readonly logger: Logger,
  ) {}

  /** @param options `dryRun`: only look */
  async run({ dryRun }: { readonly dryRun: boolean }): Promise<ReencryptionReport> {
    const places: PlaceReport[] = [];
    for (const place of this.places.list()) places.push(await this.#walk(place, dryRun));
    const left = places.filter(({ unreadable }) => unreadable > 0).map(({ place }) => place);
    this.logger.info({ keyId: this.encryption.keyIds[0], dryRun, places }, 'sealed values walked');
    if (left.length > 0)
      this.logger.warn({ places: left }, 'some sealed values open with no key of SECRET_KEY');
    return { places };
  }

  async #walk(place: SealedPlace, dryRun: boolean): Promise<PlaceReport> {
    const [first] = this.encryption.keyIds;
    const current = (await place.countByKey()).get(first) ?? 0;
    let moved = 0;
    for (let round = 1; ; round += 1) {
      let unreadable = 0;
      let missed = 0;
      for await (const values of place.sealedByOthers(first)) {
        for (const value of values) {
          const resealed = this.#resealed(value);
          if (resealed === undefined) unreadable += 1;
          else if (dryRun || (await value.replace(resealed))) moved += 1;
          else missed += 1;
        }
      }
      if (missed === 0 || round === mostRounds) {
        return {
          place: place.name,
          total: current + moved + unreadable,
          current,
          moved,
          unreadable,
          left: await countOthers(place, first),
        };
      }
    }
  }

  #resealed({ sealed, context }: SealedValue): string | undefined {
    try {
      return this.encryption.encrypt(this.encryption.decrypt(sealed, context), context);
    } catch (error) {
      if (error instanceof UnreadableSecretError) return undefined;
      throw error;
    }
  }
}

async function countOthers(place: SealedPlace, keyId: string): Promise<number> {
  const counts = [...(await place.countByKey())];
  return counts.reduce((total, [id, count]) => total + (id === keyId ? 0 : count), 0);
}

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { SealedColumn, type SealedColumnShape } from './sealed-column.js';

/** One value that is sealed with a key of SECRET_KEY. */
export interface SealedValue {
  readonly sealed: string;
  /** What it was sealed for: it opens for nothing else. */
  readonly context: string;
  /**
   * Puts the same value there, sealed anew, unless somebody changed it in the meantime.
   * @returns whether it was put there
   */
  replace(resealed: string): Promise<boolean>;
}

/** Where a room keeps what it seals. */
export interface SealedPlace {
  /** E.g. `connections`; every place has its own. */
  readonly name: string;
  /** Whether what cannot be opened is fetched again by itself: then it is no reason not to start. */
  readonly isRenewable: boolean;
  /** How many values each key has sealed, by the key's id. */
  countByKey(): Promise<ReadonlyMap<string, number>>;
  /** What other keys than this one have sealed, a batch at a time. */
  sealedByOthers(keyId: string): AsyncIterable<readonly SealedValue[]>;
}

/** Every place where something is sealed. Each room adds its own, so that whoever walks them knows no room. */
@Injectable()
export class SealedPlaces {
  readonly #places: SealedPlace[] = [];

  constructor(private readonly dataSource: DataSource) {}

  /** To be called while the application is being built. */
  add(place: SealedPlace): void {
    if (this.#places.some(({ name }) => name === place.name))
      throw new Error(`there are two sealed places of the name ${place.name}`);
    this.#places.push(place);
  }

  /** A column of a table. */
  addColumn(shape: SealedColumnShape): void {
    this.add(new SealedColumn(this.dataSource, shape));
  }

  list(): readonly SealedPlace[] {
    return this.#places;
  }
}

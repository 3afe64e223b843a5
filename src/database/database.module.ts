import { type DynamicModule, Global, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { SealedPlaces } from './sealed-places.js';
import { Sweeper } from './sweeper.js';

/**
 * Hands the DataSource to every room. `@nestjs/typeorm` would connect while the container is built; ours must be able to
 * listen, and say that it is not ready, while Postgres is away.
 */
@Global()
@Module({})
export class DatabaseModule {
  static with(dataSource: DataSource): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [{ provide: DataSource, useValue: dataSource }, SealedPlaces, Sweeper],
      exports: [DataSource, SealedPlaces, Sweeper],
    };
  }
}

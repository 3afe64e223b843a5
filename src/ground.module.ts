import { type DynamicModule, Global, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { Clock } from './common/clock.js';
import { Encryption } from './common/encryption.js';
import { Logger } from './common/logger.js';
import { Config } from './config/config.js';

/** What the process brings along; the rest is made of it. */
export interface Ground {
  readonly config: Config;
  readonly dataSource: DataSource;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Clock, log and encryption: what every room uses. */
@Global()
@Module({})
export class GroundModule {
  static with({ config, clock, logger }: Ground): DynamicModule {
    return {
      module: GroundModule,
      providers: [
        { provide: Clock, useValue: clock },
        { provide: Logger, useValue: logger },
        { provide: Encryption, useValue: new Encryption(config.secretKeys) },
      ],
      exports: [Clock, Logger, Encryption],
    };
  }
}

import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

import { AccountChanges } from '../account-binding/administration/account-changes.js';
import { PhoneAccountsRepository } from '../account-binding/phone-accounts.repository.js';
import { AppModule } from '../app.module.js';
import { KeyAdministration } from '../auth/issuer/signing-keys/key-administration.js';
import { SigningKeys } from '../auth/issuer/signing-keys/signing-keys.js';
import { NestLog } from '../common/nest-log.js';
import { ConnectionAdministration } from '../connections/connection-administration.js';
import { refusePendingMigrations } from '../database/migrator.js';
import type { Ground } from '../ground.module.js';
import { KeyCheck } from '../reencryption/key-check.js';
import { Reencryption } from '../reencryption/reencryption.js';
import type { Cli } from './cli.js';
import { withGround } from './ground.js';

/** The services that commands call. */
export interface Rooms {
  readonly accountChanges: AccountChanges;
  readonly phoneAccounts: PhoneAccountsRepository;
  readonly connections: ConnectionAdministration;
  readonly keyAdministration: KeyAdministration;
  readonly keyCheck: KeyCheck;
  readonly reencryption: Reencryption;
  readonly signingKeys: SigningKeys;
}

/** How rooms are opened. */
export interface RoomsOptions {
  /** Also where SECRET_KEY lacks a key with which something is sealed. A start would be refused, and so is everything else. */
  readonly keysMayLack?: boolean;
}

/** @throws PendingMigrationsError, UnknownSecretKeysError */
export async function withRooms<T>(
  cli: Cli,
  work: (rooms: Rooms) => Promise<T>,
  { keysMayLack = false }: RoomsOptions = {},
): Promise<T> {
  return withGround(cli, async (ground) => {
    await ground.dataSource.initialize();
    await refusePendingMigrations(ground.dataSource);
    return inRoomsOn(ground, async (rooms) => {
      if (!keysMayLack) await rooms.keyCheck.run();
      return work(rooms);
    });
  });
}

/**
 * Opens the whole house with its doors shut: nobody listens, and work in the background begins only where `Startup` has run. All of it,
 * so that no room is left out in which something is kept.
 * @param ground its schema is up to date
 */
export async function inRoomsOn<T>(ground: Ground, work: (rooms: Rooms) => Promise<T>): Promise<T> {
  const app = await NestFactory.create(AppModule.with(ground), {
    logger: new NestLog(ground.logger),
    abortOnError: false,
  });
  try {
    await app.init();
    return await work(roomsOf(app));
  } finally {
    await app.close();
  }
}

function roomsOf(context: INestApplicationContext): Rooms {
  return {
    accountChanges: context.get(AccountChanges),
    phoneAccounts: context.get(PhoneAccountsRepository),
    connections: context.get(ConnectionAdministration),
    keyAdministration: context.get(KeyAdministration),
    keyCheck: context.get(KeyCheck),
    reencryption: context.get(Reencryption),
    signingKeys: context.get(SigningKeys),
  };
}

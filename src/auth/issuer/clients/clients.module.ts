import { Module } from '@nestjs/common';

import { ClientRegistry } from './client.registry.js';

/** The OAuth clients. */
@Module({ providers: [ClientRegistry], exports: [ClientRegistry] })
export class ClientsModule {}

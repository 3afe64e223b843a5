import { NestFactory } from '@nestjs/core';

import { AppModule } from './app.module.js';

/** An API that takes Lingpai's access tokens, with passport-jwt and jwks-rsa. */
const app = await NestFactory.create(AppModule);
await app.listen(Number(process.env['PORT'] ?? 4000), process.env['HOST'] ?? '127.0.0.1');

import { expect, it } from '@jest/globals';

import type { AuditService } from '../audit/audit.service.js';
import type { Config } from '../config/config.js';
import type { DeliveriesRepository } from './deliveries.repository.js';
import { WebhookAdministration } from './webhook-administration.js';
import type { WebhooksRepository } from './webhooks.repository.js';

const actor = { actor: 'client:admin', clientId: 'admin' };
const stored = { id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff' };

function administration(production: boolean): WebhookAdministration {
  return new WebhookAdministration(
    { production } as Config,
    {
      create: () => Promise.resolve({ ...stored, secret: 'whsec_' }),
      read: () => Promise.resolve(stored),
      change: () => Promise.resolve(stored),
    } as unknown as WebhooksRepository,
    {} as DeliveriesRepository,
    { record: () => undefined } as unknown as AuditService,
  );
}

it('wants https in production, at the start and later', async () => {
  const plain = { url: 'http://hr.example.com/hooks' };
  const refusal = {
    code: 'value_not_allowed',
    errors: [{ field: 'url', message: 'must begin with https://' }],
  };
  const production = administration(true);
  await expect(production.create(plain, actor)).rejects.toMatchObject(refusal);
  await expect(production.change(stored.id, plain, undefined, actor)).rejects.toMatchObject(
    refusal,
  );
  const secure = { url: 'HTTPS://hr.example.com/hooks' };
  expect(await production.create(secure, actor)).toMatchObject({ stored });
  expect(await administration(false).create(plain, actor)).toMatchObject({ stored });
});

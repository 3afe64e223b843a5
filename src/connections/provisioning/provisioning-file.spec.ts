import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { readProvisioningFile } from './provisioning-file.js';

const folder = mkdtempSync(join(tmpdir(), 'lingpai-provisioning-file-'));
const file = join(folder, 'provisioning.yaml');
writeFileSync(file, 'clients: [{ clientId: portal, clientSecret: "${PORTAL_SECRET}" }]');

afterAll(() => rmSync(folder, { recursive: true }));

describe('a variable that the provisioning file names', () => {
  it('may come from a file', () => {
    const secret = join(folder, 'portal-secret');
    writeFileSync(secret, 'from-a-file\n');
    expect(readProvisioningFile(file, { PORTAL_SECRET_FILE: secret }).clients).toEqual([
      { clientId: 'portal', clientSecret: 'from-a-file' },
    ]);
  });

  it('is a fault where that file is missing', () => {
    expect(readProvisioningFile(file, { PORTAL_SECRET_FILE: '/nowhere/else' }).faults).toEqual([
      'clients[0].clientSecret: PORTAL_SECRET_FILE: names a file that cannot be read (ENOENT)',
    ]);
  });
});

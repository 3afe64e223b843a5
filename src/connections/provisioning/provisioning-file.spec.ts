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

describe('a file that holds nothing', () => {
  it.each(['', '\n', '# connections:\n#   - slug: dingtalk\n', '{}'])(
    'is refused, since it would disable everything: %j',
    (text) => {
      const empty = join(folder, 'empty.yaml');
      writeFileSync(empty, text);
      expect(() => readProvisioningFile(empty, {})).toThrow(
        'is empty, and would disable everything: `connections: []` says so on purpose',
      );
    },
  );

  it('is taken where it says so', () => {
    const none = join(folder, 'none.yaml');
    writeFileSync(none, 'connections: []\n');
    expect(readProvisioningFile(none, {})).toEqual({ connections: [], clients: [], faults: [] });
  });
});

import { describe, expect, it } from '@jest/globals';

import { locked } from './files.js';

describe('the lock file', () => {
  const packages = Object.entries(locked).filter(([, { link }]) => !link);

  it('takes every package from npm’s own registry, none from git or a file, and knows its bytes', () => {
    expect(packages.length).toBeGreaterThan(500);
    const strange = packages.filter(
      ([, { resolved, integrity }]) =>
        !resolved?.startsWith('https://registry.npmjs.org/') || !integrity?.startsWith('sha512-'),
    );
    expect(strange.map(([folder]) => folder)).toEqual([]);
  });
});

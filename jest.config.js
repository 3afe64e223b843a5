import { availableParallelism } from 'node:os';

import { swcOptions } from './test/fixtures/swc-options.js';

/** @type {import('jest').Config} */
export default {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  testMatch: [
    '<rootDir>/{src,sandbox,demo,bench}/**/*.spec.ts',
    '<rootDir>/test/**/*.spec.ts',
    '<rootDir>/test/e2e/**/*.e2e-spec.ts',
  ],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', swcOptions],
  },
  moduleNameMapper: {
    // Sources import `./x.js`, which is `./x.ts` here.
    '^(\\.{1,2}/.*)(?<!\\.json)\\.js$': '$1',
    '^@nestjs/throttler$': '<rootDir>/test/throttler.mjs',
  },
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.lingpai'],
  globalSetup: '<rootDir>/test/global-setup.js',
  globalTeardown: '<rootDir>/test/global-teardown.js',
  testTimeout: 30_000,
  // Much of the time a file waits for processes of its own: two share even the smallest machine well.
  maxWorkers: Math.max(2, Math.floor(availableParallelism() * 0.75)),
};

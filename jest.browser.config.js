import base from './jest.config.js';

/** Real Chromium against the real service: slow, and one at a time. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/browser/**/*.browser-spec.ts'],
  testTimeout: 120_000,
  maxWorkers: 1,
};

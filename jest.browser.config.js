import base from './jest.config.js';

/** Real Chromium against the real service: slow, and more than two of them would wait for each other. */
export default {
  ...base,
  testMatch: ['<rootDir>/test/browser/**/*.browser-spec.ts'],
  testTimeout: 120_000,
  maxWorkers: 2,
};

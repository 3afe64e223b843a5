import { format } from 'node:util';

import { Logger } from './common/logger.js';
import { scrubText } from './common/scrub-text.js';

/**
 * What libraries say by the console, most of it while they are loaded, as lines of the log like all others. To be imported before
 * them, which is before the environment was read and checked.
 */
const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
const wanted = process.env['LOG_LEVEL'] ?? '';
const logger = new Logger(levels.includes(wanted) ? wanted : 'info');

for (const level of ['debug', 'info', 'warn', 'error'] as const)
  console[level] = (...words: unknown[]) => logger[level]({}, scrubText(format(...words)));
console.log = console.info;

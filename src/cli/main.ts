#!/usr/bin/env node
import { Console } from 'node:console';

import { runCli } from './run-cli.js';

const { argv, env, stdout, stderr } = process;
// Some libraries greet by the console when they are loaded; standard output is the command's own.
globalThis.console = new Console({ stdout: stderr, stderr });
// Whoever reads may have read enough: `lingpai … | head`.
stdout.on('error', () => undefined);
process.exitCode = await runCli(argv.slice(2), env, stdout, stderr);

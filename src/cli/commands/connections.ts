import type { Command } from 'commander';

import { addConnectionsCheck } from './connections-check.js';
import { addConnectionsList } from './connections-list.js';
import type { Cli } from '../cli.js';

/** `lingpai connections …`: configured apps on platforms. */
export function addConnections(parent: Command, cli: Cli): void {
  const connections = parent
    .command('connections')
    .description('configured apps on DingTalk and WeCom');
  addConnectionsList(connections, cli);
  addConnectionsCheck(connections, cli);
}

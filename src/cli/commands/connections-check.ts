import type { Command } from 'commander';

import type { CheckView } from '../../connections/connections.dto.js';
import { type Cli, cliActor } from '../cli.js';
import { everyConnection } from '../every-connection.js';
import { exitCodeOf } from '../exit-codes.js';
import { Refusal } from '../refusal.js';
import type { Rooms } from '../rooms.js';

interface Checked extends CheckView {
  readonly slug: string;
}

const examples = `
Examples:
  lingpai connections check
  lingpai connections check dingtalk wecom-hq
  lingpai connections check --json`;

/** `lingpai connections check [slug...]` */
export function addConnectionsCheck(parent: Command, cli: Cli): void {
  parent
    .command('check')
    .summary('try the credentials of connections against their platforms')
    .description(
      'Tries the credentials of connections against their platforms, as POST /api/v1/connections/:slug/check does. Refusals that were remembered end.',
    )
    .argument('[slug...]', 'which connections; none: every one that is enabled')
    .addHelpText('after', examples)
    .action(
      cli.action(async (slugs: readonly string[]) => {
        const connections = await cli.inRooms((rooms) => checkThem(rooms, slugs));
        const ok = connections.every((each) => each.ok);
        cli.terminal.print(
          { ok, connections },
          connections.length > 0 ? connections.flatMap(linesOf) : ['no connection is enabled'],
        );
        return exitCodeOf(connections.flatMap(({ checks }) => checks));
      }),
    );
}

async function checkThem(rooms: Rooms, slugs: readonly string[]): Promise<Checked[]> {
  const all = await everyConnection(rooms);
  const unknown = slugs.filter((slug) => !all.some((each) => each.slug === slug));
  if (unknown.length > 0)
    throw new Refusal('connection_not_found', `There is no connection ${unknown.join(', ')}.`);
  const wanted =
    slugs.length > 0 ? slugs : all.filter(({ enabled }) => enabled).map(({ slug }) => slug);
  const checked: Checked[] = [];
  for (const slug of new Set(wanted)) {
    const { ok, checks } = await rooms.connections.check(slug, cliActor);
    checked.push({ slug, ok, checks });
  }
  return checked;
}

function linesOf({ slug, checks }: Checked): string[] {
  if (checks.length === 0) return [`${slug}: ok, there is nothing to try`];
  return checks.flatMap(({ name, ok, code, platformCode, message, fix }) =>
    ok
      ? [`${slug}: ${name}: ok`]
      : [
          `${slug}: ${name}: ${code ?? 'failed'}${platformCode === undefined ? '' : ` (${platformCode})`}: ${message ?? ''}`,
          ...(fix === undefined ? [] : [`  ${fix}`]),
        ],
  );
}

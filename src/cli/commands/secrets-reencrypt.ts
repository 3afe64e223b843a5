import type { Command } from 'commander';

import type { PlaceReport } from '../../reencryption/reencryption-report.js';
import type { Cli } from '../cli.js';
import { exitCodes } from '../exit-codes.js';
import { table } from '../terminal.js';

const examples = `
Examples:
  lingpai secrets reencrypt --dry-run
  lingpai secrets reencrypt`;

/** `lingpai secrets reencrypt` */
export function addSecretsReencrypt(parent: Command, cli: Cli): void {
  parent
    .command('reencrypt')
    .summary('seal anew, with the first key, what older keys have sealed')
    .description(
      'Seals anew, with the first key of SECRET_KEY, what its older keys have sealed. The service may run, and a run that was stopped may be repeated. Older keys may leave SECRET_KEY once the last line says so.',
    )
    .option('--dry-run', 'only count')
    .addHelpText('after', examples)
    .action(
      cli.action(async ({ dryRun = false }: { dryRun?: boolean }) => {
        const { places } = await cli.inRooms(({ reencryption }) => reencryption.run({ dryRun }), {
          keysMayLack: true,
        });
        const unreadable = sum(places, 'unreadable');
        const left = sum(places, 'left');
        const olderKeysMayGo = left === 0;
        cli.terminal.print({ dryRun, places, olderKeysMayGo }, [
          ...tableOf(places, dryRun),
          lastLine(unreadable, left, dryRun),
        ]);
        return (dryRun ? unreadable : left) === 0 ? exitCodes.ok : exitCodes.refused;
      }),
    );
}

function tableOf(places: readonly PlaceReport[], dryRun: boolean): string[] {
  const rows = places.map(({ place, total, current, moved, unreadable }) => [
    place,
    ...[total, current, moved, unreadable].map(String),
  ]);
  return table(['PLACE', 'TOTAL', 'CURRENT', dryRun ? 'TO MOVE' : 'MOVED', 'UNREADABLE'], rows);
}

function lastLine(unreadable: number, left: number, dryRun: boolean): string {
  if (unreadable > 0)
    return `${unreadable} value(s) are opened by no key of SECRET_KEY: no key may go before they are mended`;
  if (left === 0) return 'everything is sealed with the first key: older keys may leave SECRET_KEY';
  const still = `${left} value(s) are still sealed with older keys: these may not leave SECRET_KEY yet`;
  return dryRun ? still : `${still}, and some replica seals with one of them`;
}

function sum(places: readonly PlaceReport[], what: 'left' | 'unreadable'): number {
  return places.reduce((total, place) => total + place[what], 0);
}

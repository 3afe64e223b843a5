import type { Command } from 'commander';

import type { AccountStatus } from '../../account-binding/account.entity.js';
import { type Cli, cliActor } from '../cli.js';
import { exitCodes } from '../exit-codes.js';
import { Refusal, wrongUsage } from '../refusal.js';
import type { Rooms } from '../rooms.js';

/** One of the two directions. */
export interface StatusChange {
  readonly verb: 'disable' | 'enable';
  readonly status: AccountStatus;
  readonly does: string;
  readonly done: string;
}

interface Options {
  readonly phone?: string;
}

/** `lingpai accounts disable <id>` and `lingpai accounts enable <id>` */
export function addAccountsStatus(
  parent: Command,
  cli: Cli,
  { verb, status, does, done }: StatusChange,
): void {
  parent
    .command(verb)
    .summary(`${verb} an account`)
    .description(does)
    .argument('[id]', "the account's id: the sub of its tokens")
    .option('--phone <number>', 'the account with this verified number, instead of its id')
    .addHelpText(
      'after',
      `
Examples:
  lingpai accounts ${verb} 3f0c6f0e-7d0b-4c55-9a53-0f6f3c1f6a2e
  lingpai accounts ${verb} --phone +8613800000000`,
    )
    .action(
      cli.action(async (id: string | undefined, { phone }: Options) => {
        const name = await readName(id, phone);
        const account = await cli.inRooms(async (rooms) => {
          const accountId = name.id ?? (await holderOf(name.phone, rooms));
          return rooms.accountChanges.change(accountId, { status }, undefined, cliActor);
        });
        cli.terminal.print({ account: { id: account.id, status: account.status } }, [
          `account ${account.id} ${done}`,
        ]);
        return exitCodes.ok;
      }),
    );
}

type Name = { readonly id: string } | { readonly id?: undefined; readonly phone: string };

async function readName(id: string | undefined, phone: string | undefined): Promise<Name> {
  if (id !== undefined && phone !== undefined) throw wrongUsage('give the id or --phone, not both');
  if (id !== undefined) {
    const { uuidPattern } = await import('../../common/identifiers.js');
    if (!uuidPattern.test(id)) throw wrongUsage('the id of an account is a UUID');
    return { id };
  }
  if (phone === undefined) throw wrongUsage('give the id of the account, or --phone');
  const { parsePhone } = await import('../../account-binding/phone-number.js');
  const number = parsePhone(phone);
  if (number === undefined) throw wrongUsage('--phone must be a phone number, e.g. +8613800000000');
  return { phone: number };
}

async function holderOf(phone: string, { phoneAccounts }: Rooms): Promise<string> {
  const holder = await phoneAccounts.findOwner(phone);
  if (!holder)
    throw new Refusal('account_not_found', 'No account holds this number as a verified one.');
  return holder.id;
}

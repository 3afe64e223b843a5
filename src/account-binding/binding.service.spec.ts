import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';

import { createTestDatabase, type TestDatabase } from '../../test/fixtures/postgres.js';
import type { PlatformIdentity, PlatformProfile } from '../auth/providers/provider.js';
import { Secret } from '../common/secret.js';
import { createDataSource } from '../database/data-source.js';
import { AccountsRepository, type SignInRecord } from './accounts.repository.js';
import type { BindingPolicy } from './binding-rules.js';
import { type Added, BindingService } from './binding.service.js';
import { Tombstones } from './leavers/tombstones.js';
import { PhoneAccountsRepository } from './phone-accounts.repository.js';

let database: TestDatabase;
let dataSource: DataSource;
let accounts: AccountsRepository;
let binding: BindingService;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = createDataSource(new Secret(database.url), 20, () => undefined);
  await dataSource.initialize();
  accounts = new AccountsRepository(dataSource);
  binding = new BindingService(
    accounts,
    new PhoneAccountsRepository(dataSource),
    new Tombstones(dataSource),
  );
});

beforeEach(async () => {
  await dataSource.query('delete from accounts');
  await dataSource.query('delete from account_events');
});

afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

const policy: BindingPolicy = {
  signUp: 'auto',
  matchPhone: false,
  defaultRoles: ['staff'],
  syncProfile: 'on-create',
};
const trusted = (number: string): PlatformProfile => ({ phone: { number, trusted: true } });

function record(
  subject: string,
  profile: PlatformProfile = {},
  issuer = 'dingtalk:ding1',
): SignInRecord {
  const identity: PlatformIdentity = {
    issuer,
    subject,
    tenant: 'ding1',
    userId: `id-${subject}`,
    profile,
  };
  return { connection: 'dingtalk', identity, at: new Date(), directoryRead: true };
}

async function signIn(
  entry: SignInRecord,
  changes: Partial<BindingPolicy> = {},
  added: Added = {},
): Promise<string> {
  const known = await binding.find(entry.identity.issuer, entry.identity.subject);
  const person = await binding.signIn(entry, { ...policy, ...changes }, known, added);
  if (person.kind === 'ask') throw new Error(`asked for ${person.question}`);
  return person.accountId;
}

describe('a first sign-in', () => {
  it('makes one account, however many race', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => signIn(record('u1', { displayName: 'Wang' }))),
    );
    expect(new Set(ids).size).toBe(1);
    expect(await dataSource.query('select display_name, roles from accounts')).toEqual([
      { display_name: 'Wang', roles: ['staff'] },
    ]);
  });

  it('keeps two people of one subject in two corps apart', async () => {
    const one = await signIn(record('lin.qiao', {}, 'wecom:ww1'));
    const other = await signIn(record('lin.qiao', {}, 'wecom:ww2'));
    expect(one).not.toBe(other);
  });

  it('calls a phone verified for one account only', async () => {
    const first = await signIn(record('u1', trusted('+8613800000000')));
    const second = await signIn(record('u2', trusted('+8613800000000')));
    expect(await accounts.findAccount(first)).toMatchObject({
      phone: '+8613800000000',
      phoneVerified: true,
    });
    expect(await accounts.findAccount(second)).toMatchObject({
      phone: '+8613800000000',
      phoneVerified: false,
    });
  });

  it('gives two people who race with one phone an account each, one of them verified', async () => {
    const ids = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        signIn(record(`u${index}`, trusted('+8613800000001'))),
      ),
    );
    expect(new Set(ids).size).toBe(10);
    const verified = await dataSource.query<unknown[]>(
      'select 1 from accounts where phone_verified',
    );
    expect(verified).toHaveLength(1);
  });
});

describe('a trusted phone', () => {
  it('leads an unknown identity to its account, through another platform', async () => {
    const first = await signIn(record('u1', trusted('+8613800000000')));
    const joined = await signIn(record('lin', trusted('+8613800000000'), 'wecom:ww1'), {
      matchPhone: true,
    });
    expect(joined).toBe(first);
  });

  it('leads nobody to an account that has an identity of this issuer already', async () => {
    const first = await signIn(record('u1', trusted('+8613800000000')));
    const second = await signIn(record('u2', trusted('+8613800000000')), { matchPhone: true });
    expect(second).not.toBe(first);
  });

  it('binds one identity of an issuer, when two race for the same account', async () => {
    const first = await signIn(record('u1', trusted('+8613800000000')));
    const raced = await Promise.all(
      ['a', 'b'].map((subject) =>
        signIn(record(subject, trusted('+8613800000000'), 'wecom:ww1'), { matchPhone: true }),
      ),
    );
    expect(raced.filter((id) => id === first)).toHaveLength(1);
  });

  it('proves nothing when the platform does not stand behind it', async () => {
    const first = await signIn(record('u1', trusted('+8613800000000')));
    const profile = { phone: { number: '+8613800000000', trusted: false } };
    expect(await signIn(record('lin', profile, 'wecom:ww1'), { matchPhone: true })).not.toBe(first);
  });
});

describe('a later sign-in', () => {
  it('changes the profile only where the connection says so', async () => {
    const id = await signIn(record('u1', { displayName: 'Before' }));
    await signIn(record('u1', { displayName: 'After' }));
    expect(await accounts.findAccount(id)).toMatchObject({ displayName: 'Before' });
    await signIn(record('u1', { displayName: 'After' }), { syncProfile: 'every-login' });
    expect(await accounts.findAccount(id)).toMatchObject({ displayName: 'After' });
  });

  it('does not let an untrusted phone take the place of a proven one', async () => {
    const id = await signIn(record('u1', trusted('+8613800000000')));
    await signIn(record('u1', { phone: { number: '+8613900000000', trusted: false } }), {
      syncProfile: 'every-login',
    });
    expect(await accounts.findAccount(id)).toMatchObject({
      phone: '+8613800000000',
      phoneVerified: true,
    });
  });

  it('does not give a proven phone up for one that somebody else has proven', async () => {
    const id = await signIn(record('u1', trusted('+8613800000000')));
    await signIn(record('lin', trusted('+8613900000000'), 'wecom:ww1'));
    await signIn(record('u1', trusted('+8613900000000')), { syncProfile: 'every-login' });
    expect(await accounts.findAccount(id)).toMatchObject({
      phone: '+8613800000000',
      phoneVerified: true,
    });
  });

  it('takes a trusted phone in place of a proven one, and notes one that is somebody else’s as unproven', async () => {
    const id = await signIn(record('u1', trusted('+8613800000000')));
    await signIn(record('u1', trusted('+8613900000000')), { syncProfile: 'every-login' });
    expect(await accounts.findAccount(id)).toMatchObject({
      phone: '+8613900000000',
      phoneVerified: true,
    });
    const other = await signIn(record('lin', {}, 'wecom:ww1'));
    await signIn(record('lin', trusted('+8613900000000'), 'wecom:ww1'), {
      syncProfile: 'every-login',
    });
    expect(await accounts.findAccount(other)).toMatchObject({
      phone: '+8613900000000',
      phoneVerified: false,
    });
  });

  it('stays out once the account is disabled, also between reading and writing', async () => {
    const id = await signIn(record('u1'));
    const known = await binding.find('dingtalk:ding1', 'u1');
    await dataSource.query(`update accounts set status = 'disabled' where id = $1`, [id]);
    await expect(binding.signIn(record('u1'), policy, known)).rejects.toMatchObject({
      code: 'account_disabled',
    });
  });

  it('turns unknown people away where only known ones may come', async () => {
    await expect(signIn(record('stranger'), { signUp: 'existing' })).rejects.toMatchObject({
      code: 'account_not_found',
    });
    expect(await dataSource.query('select 1 from accounts')).toEqual([]);
  });
});

describe('a number proven by SMS code', () => {
  const provenPhone = '+8613800000005';

  it('leads through two connections, however many race, to one account', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        signIn(
          record(
            index % 2 === 0 ? 'u1' : 'lin',
            {},
            index % 2 === 0 ? 'dingtalk:ding1' : 'wecom:ww1',
          ),
          { signUp: 'phone' },
          { provenPhone },
        ),
      ),
    );
    expect(new Set(ids).size).toBe(1);
    expect(await dataSource.query('select phone, phone_verified from accounts')).toEqual([
      { phone: '+8613800000005', phone_verified: true },
    ]);
    expect(await dataSource.query('select type from account_events order by seq')).toEqual([
      { type: 'account.created' },
      { type: 'account.bound' },
    ]);
  });

  it('never leads to an account where it is not verified', async () => {
    const untrusted = { phone: { number: provenPhone, trusted: false } };
    const first = await signIn(record('u1', untrusted));
    const second = await signIn(
      record('lin', {}, 'wecom:ww1'),
      { signUp: 'phone' },
      { provenPhone },
    );
    expect(second).not.toBe(first);
  });

  it('is refused for a second person of one issuer', async () => {
    await signIn(record('u1'), { signUp: 'phone' }, { provenPhone });
    await expect(signIn(record('u2'), { signUp: 'phone' }, { provenPhone })).rejects.toMatchObject({
      code: 'binding_conflict',
    });
  });

  it('opens the account that holds it, or makes one, without a platform', async () => {
    const at = new Date();
    const made = await binding.signInByPhone(provenPhone, policy, at);
    const again = await binding.signInByPhone(provenPhone, { ...policy, signUp: 'existing' }, at);
    expect(made).toMatchObject({ kind: 'signed-in', reason: 'proven_phone' });
    expect(again).toMatchObject({ accountId: (made as { accountId: string }).accountId });
    await expect(
      binding.signInByPhone('+8613800000006', { ...policy, signUp: 'existing' }, at),
    ).rejects.toMatchObject({ code: 'account_not_found' });
  });
});

describe('binding to an account whose person is signed in', () => {
  it('never moves an identity, and keeps one of each issuer', async () => {
    const first = await signIn(record('u1'));
    const second = await signIn(record('u2'));
    await binding.bindProven(first, record('lin', {}, 'wecom:ww1'));
    await expect(binding.bindProven(second, record('lin', {}, 'wecom:ww1'))).rejects.toMatchObject({
      code: 'identity_already_bound',
    });
    await expect(binding.bindProven(first, record('wang', {}, 'wecom:ww1'))).rejects.toMatchObject({
      code: 'binding_conflict',
    });
  });

  it('ends well when it is done twice at once', async () => {
    const account = await signIn(record('u1'));
    const bound = await Promise.all(
      Array.from({ length: 10 }, () => binding.bindProven(account, record('lin', {}, 'wecom:ww1'))),
    );
    expect(new Set(bound.map(({ identityId }) => identityId)).size).toBe(1);
  });
});

describe('two trusted phones that race through two connections', () => {
  it('make one account where phones are matched', async () => {
    const profile = trusted('+8613800000007');
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        signIn(
          record(
            index % 2 === 0 ? 'u1' : 'lin',
            profile,
            index % 2 === 0 ? 'dingtalk:ding1' : 'wecom:ww1',
          ),
          { matchPhone: true },
        ),
      ),
    );
    expect(new Set(ids).size).toBe(1);
  });
});

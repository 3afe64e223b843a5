import { describe, expect, it } from '@jest/globals';

import {
  type BindingFacts,
  type BindingPolicy,
  decideBinding,
  trustedPhone,
} from './binding-rules.js';

const policy: BindingPolicy = {
  signUp: 'auto',
  matchPhone: false,
  defaultRoles: [],
  syncProfile: 'on-create',
};
const active = { id: 'account-1', status: 'active' as const };
const disabled = { id: 'account-2', status: 'disabled' as const };

const table: [string, Partial<BindingPolicy>, BindingFacts, object][] = [
  [
    'a known identity signs in',
    {},
    { boundTo: active },
    { kind: 'sign-in', accountId: 'account-1' },
  ],
  [
    'also where only known people may',
    { signUp: 'existing' },
    { boundTo: active },
    { kind: 'sign-in' },
  ],
  [
    'a disabled account stays out',
    {},
    { boundTo: disabled },
    { kind: 'refuse', code: 'account_disabled' },
  ],
  ['an unknown person gets an account', {}, {}, { kind: 'create' }],
  ['or is turned away', { signUp: 'existing' }, {}, { kind: 'refuse', code: 'account_not_found' }],
  ['a phone alone matches nothing', {}, { phoneOwner: active }, { kind: 'create' }],
  [
    'a trusted phone leads to its account',
    { matchPhone: true },
    { phoneOwner: active },
    { kind: 'bind', accountId: 'account-1' },
  ],
  [
    'also where only known people may',
    { matchPhone: true, signUp: 'existing' },
    { phoneOwner: active },
    { kind: 'bind' },
  ],
  [
    'but not into a disabled one',
    { matchPhone: true },
    { phoneOwner: disabled },
    { kind: 'refuse', code: 'account_disabled' },
  ],
  [
    'the identity’s own account goes before the phone’s',
    { matchPhone: true },
    { boundTo: active, phoneOwner: disabled },
    { kind: 'sign-in', accountId: 'account-1' },
  ],
];

describe('binding', () => {
  it.each(table)('%s', (_name, changes, facts, expected) => {
    expect(decideBinding({ ...policy, ...changes }, facts)).toMatchObject(expected);
  });

  it('trusts a phone only where someone stands behind it', () => {
    expect(trustedPhone({ phone: { number: '+8613800000000', trusted: true } })).toBe(
      '+8613800000000',
    );
    expect(trustedPhone({ phone: { number: '+8613800000000', trusted: false } })).toBeUndefined();
    expect(trustedPhone({ email: 'someone@example.com' })).toBeUndefined();
  });
});

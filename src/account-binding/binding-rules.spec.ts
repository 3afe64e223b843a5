import { describe, expect, it } from '@jest/globals';

import {
  type BindingFacts,
  type BindingPolicy,
  decideBinding,
  decideLocal,
  type KnownAccount,
  type SignUp,
  trustedPhone,
} from './binding-rules.js';

const policy: BindingPolicy = {
  signUp: 'auto',
  matchPhone: false,
  defaultRoles: [],
  syncProfile: 'on-create',
};
const active = { id: 'account-1', status: 'active' as const, hasIssuer: false };
const disabled = { id: 'account-2', status: 'disabled' as const, hasIssuer: false };
const somebodyElse = { id: 'account-3', status: 'active' as const, hasIssuer: true };

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
  [
    'nor to somebody else of the same issuer',
    { matchPhone: true },
    { phoneOwner: somebodyElse },
    { kind: 'create', reason: 'sign_up_auto' },
  ],
  ['a number is asked for', { signUp: 'phone' }, {}, { kind: 'ask', question: 'phone' }],
  [
    'also where the platform’s phone belongs to somebody, and may not be matched',
    { signUp: 'phone' },
    { phoneOwner: active },
    { kind: 'ask', question: 'phone' },
  ],
  [
    'a proven number that nobody has makes an account',
    { signUp: 'phone' },
    { provenPhone: {} },
    { kind: 'create', reason: 'proven_phone' },
  ],
  [
    'a proven number leads to its account',
    { signUp: 'phone' },
    { provenPhone: { owner: active } },
    { kind: 'bind', accountId: 'account-1', reason: 'proven_phone' },
  ],
  [
    'but not where that is somebody else of the same issuer',
    { signUp: 'phone' },
    { provenPhone: { owner: somebodyElse } },
    { kind: 'refuse', code: 'binding_conflict' },
  ],
  [
    'nor where it is disabled',
    { signUp: 'phone' },
    { provenPhone: { owner: disabled } },
    { kind: 'refuse', code: 'account_disabled' },
  ],
  ['people are asked', { signUp: 'ask' }, {}, { kind: 'ask', question: 'choice' }],
  [
    'and asked again when their number is nobody’s',
    { signUp: 'ask' },
    { provenPhone: {} },
    { kind: 'ask', question: 'choice' },
  ],
  [
    'who chose to, gets an account',
    { signUp: 'ask' },
    { choice: 'create' },
    { kind: 'create', reason: 'chosen' },
  ],
  [
    'who has one and proved it, is bound to it',
    { signUp: 'ask' },
    { provenAccount: active },
    { kind: 'bind', accountId: 'account-1', reason: 'proven_account' },
  ],
  [
    'but not to somebody else of the same issuer, whatever they chose',
    { signUp: 'ask' },
    { provenAccount: somebodyElse, choice: 'create' },
    { kind: 'refuse', code: 'binding_conflict' },
  ],
  [
    'a choice opens nothing where nothing was asked',
    { signUp: 'existing' },
    { choice: 'create' },
    { kind: 'refuse', code: 'account_not_found' },
  ],
  [
    'a known identity stays with its account, whatever was proven beside it',
    { signUp: 'phone' },
    { boundTo: active, provenPhone: { owner: disabled }, provenAccount: somebodyElse },
    { kind: 'sign-in', accountId: 'account-1' },
  ],
];

const localTable: [string, SignUp, KnownAccount | undefined, 'create' | undefined, object][] = [
  ['opens its account', 'existing', active, undefined, { kind: 'sign-in', accountId: 'account-1' }],
  [
    'opens no disabled one',
    'auto',
    disabled,
    undefined,
    { kind: 'refuse', code: 'account_disabled' },
  ],
  ['makes an account', 'auto', undefined, undefined, { kind: 'create', reason: 'proven_phone' }],
  ['also by phone', 'phone', undefined, undefined, { kind: 'create', reason: 'proven_phone' }],
  ['or none', 'existing', undefined, 'create', { kind: 'refuse', code: 'account_not_found' }],
  ['or asks first', 'ask', undefined, undefined, { kind: 'ask', question: 'choice' }],
  ['and then makes one', 'ask', undefined, 'create', { kind: 'create', reason: 'chosen' }],
];

describe('binding', () => {
  it.each(table)('%s', (_name, changes, facts, expected) => {
    expect(decideBinding({ ...policy, ...changes }, facts)).toMatchObject(expected);
  });

  it.each(localTable)(
    'a number without a platform %s',
    (_name, signUp, owner, choice, expected) => {
      expect(decideLocal(signUp, owner, choice)).toMatchObject(expected);
    },
  );

  it('trusts a phone only where someone stands behind it', () => {
    expect(trustedPhone({ phone: { number: '+8613800000000', trusted: true } })).toBe(
      '+8613800000000',
    );
    expect(trustedPhone({ phone: { number: '+8613800000000', trusted: false } })).toBeUndefined();
    expect(trustedPhone({ email: 'someone@example.com' })).toBeUndefined();
  });
});

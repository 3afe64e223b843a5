import { describe, expect, it } from '@jest/globals';

import { namesAfter } from './ids-after-migration.js';

const ids = new Map([
  ['zhang', 'wo-zhang'],
  ['li', 'wo-li'],
]);
const keepsSubject = (subject: string): boolean => subject.startsWith('wo-');
const after = (...people: { subject: string; userId: string | null }[]) =>
  namesAfter(people, { ids, keepsSubject });

describe('the name after a change of ids', () => {
  it.each([
    ['a plain user id', { subject: 'zhang', userId: 'zhang' }, 'wo-zhang'],
    ['an encrypted id beside a plain one', { subject: 'wo-zhang', userId: 'zhang' }, 'wo-zhang'],
    ['an encrypted id whose plain one is unknown', { subject: 'wo-x', userId: 'x' }, 'wo-x'],
    ['a plain id that was written down', { subject: 'li', userId: null }, 'wo-li'],
    ['an encrypted id that was written down', { subject: 'wo-y', userId: null }, 'wo-y'],
  ])('of %s', (_what, person, id) => {
    expect(after(person)).toEqual({
      named: [{ person, name: { subject: id, userId: id } }],
      taken: [],
      unknown: [],
    });
  });

  it('is none where the platform did not say', () => {
    const person = { subject: 'gone', userId: 'gone' };
    expect(after(person)).toEqual({ named: [], taken: [], unknown: [person] });
  });

  it('belongs to the first of two', () => {
    const [first, second] = [
      { subject: 'wo-zhang', userId: 'zhang' },
      { subject: 'zhang', userId: 'zhang' },
    ];
    const { named, taken } = after(first, second);
    expect(named.map(({ person }) => person)).toEqual([first]);
    expect(taken).toEqual([second]);
  });
});

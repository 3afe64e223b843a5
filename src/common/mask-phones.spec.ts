import { describe, expect, it } from '@jest/globals';

import { maskPhones } from './mask-phones.js';

describe('the details of an event', () => {
  it('lose what looks like a phone number, wherever it stands', () => {
    expect(
      maskPhones({
        phone: '+8613800000001',
        list: ['13800000001', 'call 8613800000001 now', 13800000001],
        deep: { abroad: '+447400123456' },
      }),
    ).toEqual({
      phone: '+86138****0001',
      list: ['138****0001', 'call 86138****0001 now', '138****0001'],
      deep: { abroad: '+4474****3456' },
    });
  });

  it.each([
    ['+86-13800000001', '+86138****0001'],
    ['86 138 0000 0001', '86138****0001'],
    ['138-0000-0001', '138****0001'],
    ['+852-51234567', '+852****4567'],
    ['+1 415 555 0123', '+141****0123'],
    ['tel:+8613800000001', 'tel:+86138****0001'],
    ['phone=13800000001,13900000002', 'phone=138****0001,139****0002'],
    ['+8613800000001 13900000002', '+86138****0001 139****0002'],
    ['手机13800000001号', '手机138****0001号'],
    ['call_13800000001', 'call_138****0001'],
  ])('lose a number that is written as %s', (written, shown) => {
    expect(maskPhones(written)).toBe(shown);
  });

  it('keep ids, counts, times and what is masked already', () => {
    const details = {
      id: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
      agentId: '1000017',
      phone: '138****0001',
      count: 100_000,
      at: '2026-11-21T05:00:00.000Z',
      zoned: '2026-11-21T05:00:00+08:00',
      milliseconds: 1_763_683_200_008,
      wecom: 'ww1a2b3c4d5e6f7a8b',
      nothing: null,
    };
    expect(maskPhones(details)).toEqual(details);
  });
});

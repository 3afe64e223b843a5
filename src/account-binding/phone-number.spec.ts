import { describe, expect, it } from '@jest/globals';

import { maskPhone, nationalPhone, parsePhone } from './phone-number.js';

describe('a phone number', () => {
  it.each([
    ['13800000001', '+8613800000001'],
    [' 138 0000-0001 ', '+8613800000001'],
    ['＋８６ １３８０００００００１', '+8613800000001'],
    ['0086 13800000001', '+8613800000001'],
    ['+86 13800000001', '+8613800000001'],
    ['+44 7400 123456', '+447400123456'],
    ['+852 5123 4567', '+85251234567'],
  ])('%s is %s', (written, expected) => {
    expect(parsePhone(written)).toBe(expected);
  });

  it.each([
    '',
    '1380000000',
    '138000000011',
    '010 8888 8888',
    '+86 10 8888 8888',
    'call 13800000001 now',
    '13800000001 ext 5',
    '+1',
    '１２３',
    `+${'1'.repeat(60)}`,
  ])('%s is none', (written) => {
    expect(parsePhone(written)).toBeUndefined();
  });

  it('is shown in part', () => {
    expect(maskPhone('+8613800000001')).toBe('138****0001');
    expect(maskPhone('+447400123456')).toBe('+44****3456');
  });

  it('is written as people of its country do', () => {
    expect(nationalPhone('+8613800000001')).toBe('13800000001');
    expect(nationalPhone('+447400123456')).toBe('+447400123456');
  });
});

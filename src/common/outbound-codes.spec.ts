import { expect, it } from '@jest/globals';

import { OutboundCodes } from './outbound-codes.js';

it('a platform’s code is a label, if it looks like one', () => {
  const codes = new OutboundCodes();
  for (const code of ['ok', '-1', '45009', 'HTTP 502', 'Forbidden.AccessDenied.QpsLimitForApi'])
    expect(codes.label('dingtalk', code)).toBe(code);
  for (const code of ['', 'x'.repeat(65), '系统繁忙', 'a"b', 'a\nb', '<html>', 'user@example.com'])
    expect(codes.label('dingtalk', code)).toBe('other');
});

it('a platform has so many labels, and no more', () => {
  const codes = new OutboundCodes();
  const labels = new Set<string>();
  for (let code = 0; code < 5000; code += 1) labels.add(codes.label('wecom', `code-${code}`));

  expect(labels.size).toBe(201);
  expect(labels.has('other')).toBe(true);
  expect(codes.label('wecom', 'code-7')).toBe('code-7');
  expect(codes.label('wecom', 'breaker-open')).toBe('breaker-open');
  expect(codes.label('dingtalk', 'code-4999')).toBe('code-4999');
});

import { describe, expect, it } from '@jest/globals';

import { fittingEvent } from './fitting-event.js';

describe('an event that is kept', () => {
  it('shows no phone number in its reason and details', () => {
    expect(
      fittingEvent({
        action: 'phone.verify',
        outcome: 'refused',
        reason: 'no code for +8613800000001',
        details: { asked: ['13800000001'] },
      }),
    ).toEqual({
      action: 'phone.verify',
      outcome: 'refused',
      reason: 'no code for +86138****0001',
      details: { asked: ['138****0001'] },
    });
  });

  it('holds no more text from outside than is sane', () => {
    const { clientId, reason, details } = fittingEvent({
      action: 'sign_in',
      outcome: 'refused',
      clientId: 'c'.repeat(5000),
      reason: 'r'.repeat(5000),
      details: { deep: [{ name: 'n'.repeat(5000) }] },
    });
    expect(clientId).toBe('c'.repeat(100));
    expect(reason).toBe('r'.repeat(200));
    expect(details).toEqual({ deep: [{ name: 'n'.repeat(500) }] });
  });

  it('masks a number before it cuts it', () => {
    const { reason } = fittingEvent({
      action: 'sign_in',
      outcome: 'failed',
      reason: `${' '.repeat(190)}13800000001`,
    });
    expect(reason).toBe(`${' '.repeat(190)}138****000`);
  });

  it('holds nothing that Postgres refuses', () => {
    expect(
      fittingEvent({
        action: 'sign_in',
        outcome: 'refused',
        clientId: 'a\u0000b',
        details: { cut: `${'x'.repeat(499)}😀`, whole: '😀' },
      }),
    ).toMatchObject({
      clientId: 'a\uFFFDb',
      details: { cut: `${'x'.repeat(499)}\uFFFD`, whole: '😀' },
    });
  });

  it('keeps everything else as it was', () => {
    const event = {
      action: 'account.create',
      outcome: 'ok',
      accountId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
      actor: 'client:robot',
      clientId: 'robot',
      ip: '203.0.113.7',
      requestId: '0b0c6a6e-5d3c-4b5e-9b39-0c51f2d0a6f1',
      details: { count: 3, at: new Date('2026-01-01T00:00:00Z'), none: null },
    } as const;
    expect(fittingEvent(event)).toEqual(event);
  });
});

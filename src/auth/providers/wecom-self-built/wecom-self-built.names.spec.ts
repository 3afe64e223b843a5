import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { ok } from '../wecom/testing/fake-wecom.js';
import { openFake } from './testing/open-fake.js';

describe('an identity that an administrator writes down', () => {
  it('is the one that a sign-in gives, however it is spelt', async () => {
    const { provider, wecom } = openFake();
    wecom.answer('auth/getuserinfo', ok({ errcode: 0, userid: 'Lin.Qiao' }));
    const { issuer, subject, tenant } = await provider.web.identify('CODE');
    const name = {
      issuer: 'wecom:ww1a2b3c4d5e6f7a8b',
      subject: 'lin.qiao',
      tenant: 'ww1a2b3c4d5e6f7a8b',
    };
    expect(provider.nameIdentity({ subject: 'LIN.Qiao' })).toEqual(name);
    expect({ issuer, subject, tenant }).toEqual(name);
  });

  it('may name the corp of the connection, and no other', () => {
    const { provider } = openFake();
    const subject = 'lin.qiao';
    expect(provider.nameIdentity({ subject, tenant: 'ww1a2b3c4d5e6f7a8b' })).toMatchObject({
      subject,
    });
    expect(() => provider.nameIdentity({ subject, tenant: 'wwother' })).toThrow(
      expect.objectContaining({
        code: 'value_not_allowed',
        errors: [{ field: 'tenant', message: 'must be the corp of this connection, or left out' }],
      }),
    );
  });

  it.each(['', 'two words', 'wwother/lin.qiao', '林乔', 'x'.repeat(65), 'lin\n'])(
    'is not “%s”',
    (subject) => {
      expect(() => openFake().provider.nameIdentity({ subject })).toThrow(
        expect.objectContaining({
          code: 'value_not_allowed',
          errors: [{ field: 'subject', message: 'must be a userid' }],
        }),
      );
    },
  );
});

import 'reflect-metadata';

import { describe, expect, it } from '@jest/globals';

import { openFake } from './testing/fake-dingtalk.js';

const unionId = 'qW3eR5tY7uI9oP1aS2dF4gHiEiE';

describe('an identity that an administrator writes down', () => {
  it('is the one that a sign-in gives', async () => {
    const { provider } = openFake();
    const { issuer, subject, tenant } = await provider.inApp.identify('in-app-code');
    const name = { issuer: 'dingtalk:dingexamplecorp01', subject: unionId };
    expect(provider.nameIdentity({ subject: unionId })).toEqual({
      ...name,
      tenant: 'dingexamplecorp01',
    });
    expect({ issuer, subject, tenant }).toEqual({ ...name, tenant: 'dingexamplecorp01' });
  });

  it('belongs to the app where no corp is set, as a sign-in does', async () => {
    const { provider } = openFake({ corpId: undefined, tenantPolicy: 'any' });
    const { issuer, subject } = await provider.web.identify('CODE');
    const name = { issuer: 'dingtalk:dingexampleappkey1', subject: unionId };
    expect(provider.nameIdentity({ subject: unionId })).toEqual(name);
    expect({ issuer, subject }).toEqual(name);
  });

  it('may name the corp of the connection, and no other', () => {
    const { provider } = openFake();
    expect(provider.nameIdentity({ subject: unionId, tenant: 'dingexamplecorp01' })).toMatchObject({
      subject: unionId,
    });
    expect(() => provider.nameIdentity({ subject: unionId, tenant: 'dingother' })).toThrow(
      expect.objectContaining({
        code: 'value_not_allowed',
        message: 'The connection belongs to another corp.',
        errors: [{ field: 'tenant', message: 'must be the corp of this connection, or left out' }],
      }),
    );
  });

  it.each(['', 'abc', 'two words', '王小明', 'x'.repeat(65), `${unionId}\n`])(
    'is not “%s”',
    (subject) => {
      expect(() => openFake().provider.nameIdentity({ subject })).toThrow(
        expect.objectContaining({
          code: 'value_not_allowed',
          errors: [{ field: 'subject', message: 'must be the unionId of a person' }],
        }),
      );
    },
  );
});

import { describe, expect, it } from '@jest/globals';

import { withoutSecrets, withSecretsInPlace } from './nested-secrets.js';

const names = ['secret', 'loginSuite.suiteSecret', 'loginSuite.eventToken'];

describe('secrets inside a field', () => {
  it('are taken out by their place, and the rest of the field stays', () => {
    const plain = {
      suiteId: 'ww1',
      secret: 'outer',
      loginSuite: { suiteId: 'ww2', suiteSecret: 'inner', eventToken: 'token' },
    };

    expect(withoutSecrets(plain, names)).toEqual({
      rest: { suiteId: 'ww1', loginSuite: { suiteId: 'ww2' } },
      secrets: {
        secret: 'outer',
        'loginSuite.suiteSecret': 'inner',
        'loginSuite.eventToken': 'token',
      },
    });
    expect(plain.loginSuite.suiteSecret).toBe('inner');
  });

  it('go back to where they stood', () => {
    const kept = { loginSuite: { suiteId: 'ww2' }, 'loginSuite.suiteSecret': 'inner', secret: 's' };

    expect(withSecretsInPlace(kept, names)).toEqual({
      loginSuite: { suiteId: 'ww2', suiteSecret: 'inner' },
      secret: 's',
    });
  });

  it('give way to new ones', () => {
    const changed = {
      loginSuite: { suiteId: 'ww2', suiteSecret: 'new' },
      'loginSuite.suiteSecret': 'old',
      'loginSuite.eventToken': 'kept',
    };

    expect(withSecretsInPlace(changed, names)).toEqual({
      loginSuite: { suiteId: 'ww2', suiteSecret: 'new', eventToken: 'kept' },
    });
  });

  it('go with the field that they stood in', () => {
    expect(withSecretsInPlace({ 'loginSuite.suiteSecret': 'old' }, names)).toEqual({});
  });

  it.each([[undefined], [null], ['text'], [['list']]])(
    'are none where the field is %j, which is left for the check to find',
    (loginSuite) => {
      const plain = { loginSuite };

      expect(withoutSecrets(plain, names)).toEqual({ rest: { loginSuite }, secrets: {} });
      expect(withSecretsInPlace(plain, names)).toEqual({ loginSuite });
    },
  );
});

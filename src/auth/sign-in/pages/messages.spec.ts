import { describe, expect, it } from '@jest/globals';

import { engineMessages } from './engine-messages.js';
import { messageFor, messages } from './messages.js';

const all = Object.entries({ ...engineMessages, ...messages });

describe('the error messages', () => {
  it.each(all)(
    'say %s in Chinese with Chinese words and in English with English ones',
    (_code, message) => {
      expect(message['zh-CN'].heading).toMatch(/^[\p{sc=Han}，。；]+$/u);
      expect(message['zh-CN'].sentence).toMatch(/\p{sc=Han}.*。$/u);
      expect(message.en.heading).toMatch(/^[A-Z][a-z’ ,-]+$/i);
      expect(message.en.sentence).toMatch(/^[A-Z][^\p{sc=Han}]+\.$/u);
    },
  );

  it('gives the words of our own code', () => {
    expect(messageFor('account_disabled', 403, 'zh-CN').heading).toBe('账号已停用');
  });

  it("gives the words of the engine's code", () => {
    expect(messageFor('session_not_found', 400, 'en').heading).toBe('Sign-in timed out');
  });

  it('blames the request for an unknown code below 500, and us from there on', () => {
    expect(messageFor('invalid_dpop_proof', 400, 'en').heading).toBe('Something is missing');
    expect(messageFor('mystery', 500, 'en').heading).toBe('Something went wrong on our side');
  });

  it('does not take a property of every object for a code', () => {
    expect(messageFor('constructor', 400, 'en').heading).toBe('Something is missing');
  });
});

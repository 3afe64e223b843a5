import { randomBytes, randomUUID } from 'node:crypto';

/** 32 lower-case hex digits, as DingTalk's codes and tokens look. */
export function hexId(): string {
  return randomBytes(16).toString('hex');
}

/** 43 base64url characters, as WeCom's codes look. */
export function base64UrlId(): string {
  return randomBytes(32).toString('base64url');
}

/** A WeCom access token's shape: longer than a client would guess, well under its 512 bytes. */
export function longId(): string {
  return randomBytes(160).toString('base64url');
}

export function upperCaseUuid(): string {
  return randomUUID().toUpperCase();
}

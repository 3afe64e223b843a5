import { createCipheriv, createHash } from 'node:crypto';

/** The keys of an event page in DingTalk's console. */
export const dingtalkEventKeys = {
  eventToken: 'exampleToken01',
  eventAesKey: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456',
};

/** Pushes an event as DingTalk would (reference dingtalk 6). */
export async function pushDingtalkEvent(
  url: string,
  event: Readonly<Record<string, unknown>>,
  ownerKey: string,
): Promise<Response> {
  const message = Buffer.from(JSON.stringify(event));
  const head = Buffer.alloc(20, 'r');
  head.writeUInt32BE(message.length, 16);
  const bytes = Buffer.concat([head, message, Buffer.from(ownerKey)]);
  const pad = 32 - (bytes.length % 32);
  const key = Buffer.from(`${dingtalkEventKeys.eventAesKey}=`, 'base64');
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([bytes, Buffer.alloc(pad, pad)]);
  const encrypt = Buffer.concat([cipher.update(padded), cipher.final()]).toString('base64');
  const [timestamp, nonce] = [String(Date.now()), 'nonce001'];
  const signed = [dingtalkEventKeys.eventToken, timestamp, nonce, encrypt].sort().join('');
  const signature = createHash('sha1').update(signed).digest('hex');
  const query = new URLSearchParams({ msg_signature: signature, timestamp, nonce });
  return fetch(`${url}?${query.toString()}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ encrypt }),
  });
}

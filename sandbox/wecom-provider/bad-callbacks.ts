import { randomBytes } from 'node:crypto';

import { encrypt, encryptPadded } from './callback-crypto.js';
import { envelope, seal, xml, type Envelope } from './callback-envelope.js';
import type { CallbackPair } from './world.js';

/** A callback that a receiver must not act upon; `unknown-info-type` is a good one that it cannot know. */
export const badCallbackKinds = [
  'bad-signature',
  'no-signature',
  'wrong-receive-id',
  'stale-timestamp',
  'truncated',
  'bad-padding',
  'bad-length',
  'oversize',
  'not-xml',
  'entity-bomb',
  'entity-bomb-outside',
  'other-suite',
  'unknown-info-type',
] as const;

export type BadCallbackKind = (typeof badCallbackKinds)[number];

export interface BadCallback {
  readonly kind: BadCallbackKind;
  readonly pair: CallbackPair;
  /** The message with which it would do harm if it were taken. */
  readonly message: string;
  readonly suiteId: string;
  readonly seconds: number;
}

const STALE_SECONDS = 2 * 86_400;
const OVERSIZE_BYTES = 3_000_000;
const BOMB =
  '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">' +
  '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>';

/** Everything right but for the one thing that the kind names. */
export function badEnvelope({ kind, pair, message, suiteId, seconds }: BadCallback): Envelope {
  const to = { receiveId: suiteId, toUserName: suiteId, agentId: '' };
  const sealed = (text: string): Envelope => seal(pair, text, to, seconds);
  const around = (encrypted: string): Envelope => envelope(pair, encrypted, to, seconds);
  switch (kind) {
    case 'bad-signature':
      return seal({ ...pair, token: 'notTheToken' }, message, to, seconds);
    case 'no-signature':
      return { ...sealed(message), query: { msg_signature: '', timestamp: '', nonce: '' } };
    case 'wrong-receive-id':
      return seal(pair, message, { ...to, receiveId: 'ww00000000000000ff' }, seconds);
    case 'stale-timestamp':
      return seal(pair, aged(message), to, seconds - STALE_SECONDS);
    case 'truncated':
      return around(encrypt(pair.aesKey, message, suiteId).slice(0, -37));
    case 'bad-padding':
      return around(encryptPadded(pair.aesKey, padded(message, suiteId, 0)));
    case 'bad-length':
      return around(encryptPadded(pair.aesKey, padded(message, suiteId, 1_000_000)));
    case 'oversize':
      return sealed(
        message.replace('</xml>', `<Filler>${'x'.repeat(OVERSIZE_BYTES)}</Filler></xml>`),
      );
    case 'not-xml':
      return sealed('not xml at all');
    case 'entity-bomb':
      return sealed(`${BOMB}${message.replace('</xml>', '<Filler>&d;</Filler></xml>')}`);
    case 'entity-bomb-outside': {
      const good = sealed(message);
      return { ...good, body: BOMB + good.body.replace('</xml>', '<Filler>&d;</Filler></xml>') };
    }
    case 'other-suite':
      return sealed(message.replaceAll(suiteId, 'ww00000000000000ff'));
    case 'unknown-info-type':
      return sealed(
        xml({ SuiteId: suiteId, InfoType: 'not_known_yet', TimeStamp: seconds, Something: 'new' }),
      );
  }
}

function aged(message: string): string {
  return message.replace(
    /<TimeStamp>(\d+)</,
    (_, seconds: string) => `<TimeStamp>${Number(seconds) - STALE_SECONDS}<`,
  );
}

/** The layout with a last byte that is no padding, or a length that lies. */
function padded(message: string, receiveId: string, lie: number): Buffer {
  const text = Buffer.from(message, 'utf8');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length + lie);
  const plain = Buffer.concat([randomBytes(16), length, text, Buffer.from(receiveId, 'utf8')]);
  const count = 32 - (plain.length % 32);
  return Buffer.concat([plain, Buffer.alloc(count, lie === 0 ? 0 : count)]);
}

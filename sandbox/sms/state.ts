/** A message that one of the imitated services took. */
export interface SmsMessage {
  readonly through: 'aliyun' | 'tencent' | 'webhook';
  /** As the service was given it. */
  readonly phone: string;
  readonly code: string;
}

/** The keys that the imitated services know, and the messages they took. */
export class SmsState {
  readonly accessKeyId = 'exampleAccessKeyId01';
  readonly accessKeySecret = 'exampleAccessKeySecret-7Qm4tXw7Zk2Lp9Rv';
  readonly signName = '灵牌';
  readonly template = 'SMS_100001';
  readonly sdkAppId = '1400000001';
  readonly webhookSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ';
  readonly inbox: SmsMessage[] = [];
  /** What the next messages are refused with, in the service's own words. */
  readonly refusals: string[] = [];
  readonly #nonces = new Set<string>();

  take(message: SmsMessage): void {
    this.inbox.push(message);
    // Nobody asks for old ones; a load test must not fill the memory.
    if (this.inbox.length > 5000) this.inbox.splice(0, 1000);
  }

  /** Whether a nonce was never seen before; from then on it was. */
  isFirstUse(nonce: string): boolean {
    const isNew = nonce !== '' && !this.#nonces.has(nonce);
    this.#nonces.add(nonce);
    return isNew;
  }

  reset(): void {
    this.#nonces.clear();
    this.inbox.length = 0;
    this.refusals.length = 0;
  }
}

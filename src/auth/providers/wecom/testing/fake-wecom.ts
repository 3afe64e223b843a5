import {
  HttpClient,
  type OutboundReply,
  type OutboundRequest,
} from '../../../../common/http-client.js';
import {
  type PlatformTokens,
  PlatformTokenRejected,
  type TokenSource,
} from '../../platform-tokens.js';

type Answer = OutboundReply | ((request: OutboundRequest) => OutboundReply);

/** Answers by call name as the test says, and remembers what was asked. A call without an answer fails the test. */
export class FakeWecom extends HttpClient {
  readonly requests: OutboundRequest[] = [];
  readonly #answers = new Map<string, Answer>();

  answer(call: string, answer: Answer): this {
    this.#answers.set(call, answer);
    return this;
  }

  override requestJson(request: OutboundRequest): Promise<OutboundReply> {
    this.requests.push(request);
    const answer = this.#answers.get(request.call);
    if (!answer) return Promise.reject(new Error(`unexpected call ${request.call}`));
    return Promise.resolve(typeof answer === 'function' ? answer(request) : answer);
  }

  /** The requests of one call. */
  sent(call: string): OutboundRequest[] {
    return this.requests.filter((request) => request.call === call);
  }
}

/** The token cache's promises, in a few lines of memory. */
export class MemoryTokens implements PlatformTokens {
  readonly kept = new Map<string, string>();
  /** The tokens of which somebody said that they may be had now. */
  readonly forgotten: string[] = [];

  async get(source: TokenSource): Promise<string> {
    const key = keyOf(source);
    const value = this.kept.get(key) ?? (await source.fetch()).value;
    this.kept.set(key, value);
    return value;
  }

  async use<T>(source: TokenSource, call: (token: string) => Promise<T>): Promise<T> {
    try {
      return await call(await this.get(source));
    } catch (error) {
      if (!(error instanceof PlatformTokenRejected)) throw error;
    }
    this.kept.delete(keyOf(source));
    try {
      return await call(await this.get(source));
    } catch (error) {
      throw error instanceof PlatformTokenRejected ? error.cause : error;
    }
  }

  forgetRefusal(source: TokenSource): Promise<void> {
    this.forgotten.push(keyOf(source));
    return Promise.resolve();
  }
}

function keyOf({ kind, credential, tenant }: TokenSource): string {
  return [kind, credential, ...(tenant === undefined ? [] : [tenant])].join(' ');
}

export const ok = (body: unknown): OutboundReply => ({ status: 200, body });

/** A refusal in the words of the reference's samples (reference wecom-self-built 2, 10). */
export const refused = (errcode: number, text: string): OutboundReply =>
  ok({
    errcode,
    errmsg: `${text}, hint: [1767225600186056773912722], from ip: 203.0.113.7, more info at https://open.work.weixin.qq.com/devtool/query?e=${errcode}`,
  });

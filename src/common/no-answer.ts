const largestBody = 1024 * 1024;

/** Faults after which it is certain that nothing was sent: the call may be made again whatever it is. */
const unsent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** A try without an answer that could be read. Its message holds nothing of the URL or the body. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';

  constructor(
    words: string,
    readonly outcome: 'unreadable' | 'no-answer',
    /** Whether the server may have received the call. */
    readonly wasSent: boolean,
    /** Whether the next try may go better. */
    readonly mayPass: boolean,
    readonly status?: number,
    /** How long the server asks to be left alone. */
    readonly retryAfterMs?: number,
  ) {
    super(words);
  }

  /** Something answered, but not with what can be read: only a server in trouble may do better next time. */
  static unreadable(words: string, status: number, retryAfterMs?: number): NoAnswer {
    return new NoAnswer(words, 'unreadable', true, status >= 500, status, retryAfterMs);
  }
}

/** What undici threw, told without its details: those may hold the URL. */
export function noAnswerOf(error: unknown): NoAnswer {
  const { name, code } = error as { name?: string; code?: string };
  if (name === 'TimeoutError')
    return new NoAnswer('no answer within five seconds', 'no-answer', true, true);
  const words = `no connection, or one that broke (${code ?? name ?? 'unknown'})`;
  return new NoAnswer(words, 'no-answer', !unsent.has(code ?? ''), true);
}

/** Reads a body as UTF-8. @throws NoAnswer when it is larger than a megabyte */
export async function readCappedText(body: AsyncIterable<Buffer>, status: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > largestBody) throw NoAnswer.unreadable('an answer larger than a megabyte', status);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

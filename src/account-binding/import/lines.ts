/** One line of the body, as text, or too long to be a row of ours. */
export interface Line {
  /** From 1 on. */
  readonly number: number;
  readonly text: string | undefined;
}

const longestLineBytes = 64 * 1024;
const newline = 0x0a;

/** Cuts a byte stream into lines. One that is too long is passed on without its text, and reading goes on at the next. */
export async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let number = 0;
  let parts: Buffer[] = [];
  let bytes = 0;
  const take = (): Line => {
    number += 1;
    const text = bytes > longestLineBytes ? undefined : Buffer.concat(parts).toString('utf8');
    parts = [];
    bytes = 0;
    return { number, text };
  };
  for await (const chunk of body) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      bytes += at - from;
      if (bytes <= longestLineBytes) parts.push(chunk.subarray(from, at));
      yield take();
      from = at + 1;
    }
    bytes += chunk.length - from;
    // What is too long is not kept while it goes on.
    if (bytes <= longestLineBytes) parts.push(chunk.subarray(from));
    else parts = [];
  }
  if (bytes > 0) yield take();
}

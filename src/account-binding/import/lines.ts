/** One line of the body. */
export type Line = {
  /** From 1 on. */
  readonly number: number;
} & (
  | { readonly text: string }
  /** Why it cannot be read. */
  | { readonly fault: string }
);

const longestLineBytes = 64 * 1024;
const newline = 0x0a;
// Strict, as a file in GBK must not become accounts with names of question marks. Passes over a byte order mark.
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Cuts a byte stream into lines. One that cannot be read is passed on without its text, and reading goes on at the next. */
export async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let number = 0;
  let parts: Buffer[] = [];
  let bytes = 0;
  const take = (): Line => {
    number += 1;
    const line =
      bytes > longestLineBytes
        ? { number, fault: 'The line is longer than 64 KiB.' }
        : { number, ...decode(Buffer.concat(parts)) };
    parts = [];
    bytes = 0;
    return line;
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

function decode(bytes: Buffer): { readonly text: string } | { readonly fault: string } {
  try {
    return { text: utf8.decode(bytes) };
  } catch {
    return { fault: 'The line is not UTF-8.' };
  }
}

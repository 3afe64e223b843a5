import { createContext, runInContext } from 'node:vm';

/** A page without a browser: an address, and the scripts that it loads. */
export class ScriptPage {
  readonly #location: { href: string };
  readonly #document: { currentScript?: { src: string } } = {};
  readonly #context: object;

  constructor(href: string) {
    this.#location = { href };
    const window = { fetch, URL };
    this.#context = createContext({ window, document: this.#document, location: this.#location });
  }

  /** Loads a script as a page does. */
  async load(src: string): Promise<void> {
    const answer = await fetch(src);
    this.#document.currentScript = { src };
    runInContext(await answer.text(), this.#context);
  }

  /** As `history.pushState` does. */
  moveTo(href: string): void {
    this.#location.href = href;
  }

  /** What a script left in `window`. */
  library(name: 'wx' | 'ww' | 'dd'): unknown {
    return runInContext(`window.${name}`, this.#context);
  }
}

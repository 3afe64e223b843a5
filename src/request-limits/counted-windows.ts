/** How a count stands. */
export interface Standing {
  /** Over all replicas, as far as it is known here, this request included. */
  readonly total: number;
  readonly endsAtMs: number;
  readonly isOver: boolean;
  /** Whether this is the first request of the window here that is over. */
  readonly isFirstOver: boolean;
}

/** What was counted here and is not known elsewhere yet. */
export interface Moved {
  readonly key: string;
  readonly added: number;
  readonly endsAtMs: number;
}

/** What is known of a count over all replicas. */
export interface SharedCount {
  readonly total: number;
  readonly endsAtMs: number;
}

interface Window {
  endsAtMs: number;
  /** Over all replicas, when it was last asked. */
  shared: number;
  /** On its way to the others. */
  sent: number;
  /** Counted here since. */
  pending: number;
  isTold: boolean;
}

/**
 * How far ahead a window may end: all are a minute long, and replicas' clocks differ a little. What says more was told by a clock that was
 * wrong (here, before it was set back, or at another replica), and would keep people waiting until then.
 */
export const latestEndMs = 120_000;
/** How full a window is before the other replicas are told of it, as a part of its limit. */
const worthSharing = 1 / 200;
/** How many windows are let go of at once when there are too many, as a part of all. */
const letGo = 1 / 8;

/**
 * Counts in windows that begin with their first request and do not grow. What was counted here decides at once; `moved` and `settle`
 * exchange it with what was counted elsewhere. Whoever asks for little is never told of: the others would learn nothing.
 */
export class CountedWindows {
  readonly #windows = new Map<string, Window>();
  readonly #moved = new Set<string>();

  /** @param most how many windows are kept; beyond it, those that ended go first, then those that counted least */
  constructor(private readonly most: number) {}

  get size(): number {
    return this.#windows.size;
  }

  /** Whether anything was counted that others should know. */
  get hasMoved(): boolean {
    return this.#moved.size > 0;
  }

  /** Counts one more. What is over its limit counts no further, so that refusing costs nothing. */
  count(key: string, limit: number, windowMs: number, nowMs: number): Standing {
    const over = this.whereUsedUp(key, limit, nowMs);
    if (over) return over;
    const window = this.#current(key, nowMs) ?? this.#begin(key, nowMs, nowMs + windowMs);
    window.pending += 1;
    const total = totalOf(window);
    if (total >= limit * worthSharing) this.#moved.add(key);
    return { total, endsAtMs: window.endsAtMs, isOver: false, isFirstOver: false };
  }

  /** How one more would stand where the limit is used up, without counting it. */
  whereUsedUp(key: string, limit: number, nowMs: number): Standing | undefined {
    const window = this.#current(key, nowMs);
    if (!window || totalOf(window) < limit) return undefined;
    const isFirstOver = !window.isTold;
    window.isTold = true;
    return { total: totalOf(window) + 1, endsAtMs: window.endsAtMs, isOver: true, isFirstOver };
  }

  /** Takes what was counted since it was last taken; to be followed by `settle` or `putBack`. */
  takeMoved(most: number, nowMs: number): Moved[] {
    const taken: Moved[] = [];
    for (const key of this.#moved) {
      if (taken.length === most) break;
      this.#moved.delete(key);
      const window = this.#current(key, nowMs);
      if (!window) continue;
      window.sent = window.pending;
      window.pending = 0;
      taken.push({ key, added: window.sent, endsAtMs: window.endsAtMs });
    }
    return taken;
  }

  /** The others know what was taken, and said how it stands. @param shared in the order of what was taken */
  settle(taken: readonly Moved[], shared: readonly SharedCount[]): void {
    taken.forEach((moved, index) => {
      const window = this.#of(moved);
      const count = shared[index];
      if (!window || !count) return;
      window.shared = count.total;
      window.endsAtMs = count.endsAtMs;
      window.sent = 0;
    });
  }

  /** The others could not be told: it counts here, and is tried again. */
  putBack(taken: readonly Moved[]): void {
    for (const moved of taken) {
      const window = this.#of(moved);
      if (!window) continue;
      window.pending += window.sent;
      window.sent = 0;
      this.#moved.add(moved.key);
    }
  }

  /** The window that something was taken from, if it has not ended since. */
  #of({ key, endsAtMs }: Moved): Window | undefined {
    const window = this.#windows.get(key);
    return window?.endsAtMs === endsAtMs ? window : undefined;
  }

  #current(key: string, nowMs: number): Window | undefined {
    const window = this.#windows.get(key);
    return window && runs(window, nowMs) ? window : undefined;
  }

  #begin(key: string, nowMs: number, endsAtMs: number): Window {
    if (this.#windows.size >= this.most) this.#makeRoom(nowMs);
    const window = { endsAtMs, shared: 0, sent: 0, pending: 0, isTold: false };
    this.#windows.set(key, window);
    return window;
  }

  /** A good part at once, as looking through all of them takes its time. */
  #makeRoom(nowMs: number): void {
    for (const [key, window] of this.#windows) if (!runs(window, nowMs)) this.#forget(key);
    let excess = this.#windows.size - Math.floor(this.most * (1 - letGo));
    // Nearly all of them counted one or two, when there are so many: sorting would take longer.
    for (let least = 1; excess > 0; least *= 2) {
      for (const [key, window] of this.#windows) {
        if (excess <= 0) return;
        if (totalOf(window) > least) continue;
        this.#forget(key);
        excess -= 1;
      }
    }
  }

  #forget(key: string): void {
    this.#windows.delete(key);
    this.#moved.delete(key);
  }
}

function runs({ endsAtMs }: Window, nowMs: number): boolean {
  return endsAtMs > nowMs && endsAtMs <= nowMs + latestEndMs;
}

function totalOf({ shared, sent, pending }: Window): number {
  return shared + sent + pending;
}

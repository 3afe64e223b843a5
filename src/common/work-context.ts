import { AsyncLocalStorage } from 'node:async_hooks';

/** What a piece of work is known by in the traces. */
export interface SpanMark {
  readonly traceId: string;
  readonly spanId: string;
}

/** The piece of work that is under way: its log lines and spans belong together. */
export interface Work {
  /** The request that is being answered, or that left this to be done. */
  readonly requestId?: string;
  /** What is done in the background, e.g. `event 42`. */
  readonly job?: string;
  readonly span?: SpanMark;
  /** Who asks; shared by all parts of a request, as it is known only after a while. */
  readonly caller: Caller;
}

/** Who is behind a request. */
export interface Caller {
  clientId?: string | undefined;
  accountId?: string | undefined;
}

const storage = new AsyncLocalStorage<Work | undefined>();

/** The work that is under way, if it is a request or a job. */
export function currentWork(): Work | undefined {
  return storage.getStore();
}

/** Does something as part of a piece of work. */
export function withinWork<T>(work: Work, run: () => T): T {
  return storage.run(work, run);
}

/** Begins what is nobody's: a timer that is set on behalf of a request outlives it, and must not go on under its name. */
export function outsideWork<T>(run: () => T): T {
  return storage.run(undefined, run);
}

/** Does a job in the background. @param requestId the request that left it to be done */
export function withinJob<T>(job: string, run: () => T, requestId?: string): T {
  return withinWork({ job, ...(requestId !== undefined && { requestId }), caller: {} }, run);
}

/** Notes who is behind the request that is under way, where that has turned out. */
export function noteCaller({ clientId, accountId }: Caller): void {
  const caller = currentWork()?.caller;
  if (!caller) return;
  caller.clientId = clientId ?? caller.clientId;
  caller.accountId = accountId ?? caller.accountId;
}

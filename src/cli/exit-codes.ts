/** What the process ends with; the help of every command tells them. */
export const exitCodes = {
  ok: 0,
  refused: 1,
  usage: 2,
  unreachable: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodesHelp = `
Exit codes:
  0  done, and nothing wrong was found
  1  refused, or something wrong was found
  2  wrong usage
  3  Postgres, Redis or a platform gave no usable answer; a later try may succeed`;

/** One thing that was tried. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** Why it is not: one of our codes. */
  readonly code?: string;
}

/** What is wrong stays wrong; what was merely not reached may answer later. */
export function exitCodeOf(checks: readonly Check[]): ExitCode {
  const failed = checks.filter(({ ok }) => !ok);
  if (failed.length === 0) return exitCodes.ok;
  return failed.every(({ code }) => meansAway(code)) ? exitCodes.unreachable : exitCodes.refused;
}

/** Whether a code says that the other side gave no usable answer. */
export function meansAway(code: string | undefined): boolean {
  return code === 'platform_unavailable' || /_unreachable$/.test(code ?? '');
}

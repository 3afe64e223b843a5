/** What a run of many equal jobs cost. */
export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly done: number;
}

/**
 * Runs a job over and over, a fixed number at a time, for a fixed time. It stops by itself; a job that fails ends the run.
 */
export async function load(
  job: (index: number) => Promise<void>,
  concurrency: number,
  seconds: number,
): Promise<LoadResult> {
  const durations: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      const began = performance.now();
      await job(next++);
      durations.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  const elapsedSeconds = (performance.now() - startedAt) / 1000;
  durations.sort((a, b) => a - b);
  const at = (part: number): number =>
    durations[Math.min(durations.length - 1, Math.floor(durations.length * part))] ?? 0;
  return {
    perSecond: durations.length / elapsedSeconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    done: durations.length,
  };
}

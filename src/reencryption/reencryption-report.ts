/** What stands in one place where sealed values are kept. Counts only: no value is ever in it. */
export interface PlaceReport {
  /** E.g. `connections`. */
  readonly place: string;
  /** All that was looked at. */
  readonly total: number;
  /** Sealed with the first key of SECRET_KEY already before. */
  readonly current: number;
  /** Sealed anew with the first key now; with `dryRun`, what would be. */
  readonly moved: number;
  /** What no key of SECRET_KEY opens. */
  readonly unreadable: number;
  /**
   * Sealed with another key than the first all the same, as counted at the end: what is unreadable, and what a replica that still seals with
   * an older key put there meanwhile; with `dryRun`, also what would be moved.
   */
  readonly left: number;
}

/** What a run of the re-encryption found and did. */
export interface ReencryptionReport {
  readonly places: readonly PlaceReport[];
}

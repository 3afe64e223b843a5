/**
 * SQL for the version of a row: a number that follows from what a reader sees of it and from when it was written. Unlike `xmin`, it stays
 * when what is sealed in the row is encrypted anew, which is no change to anybody.
 */
export function rowVersion(columns: readonly string[]): string {
  const parts = [...columns.map((column) => `${column}::text`), 'extract(epoch from updated_at)'];
  return `('x' || left(md5(concat_ws(' ', ${parts.join(', ')})), 15))::bit(60)::bigint::text`;
}

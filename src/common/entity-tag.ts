import { AppError } from './app-error.js';

/** The strong entity tag of a version of something (RFC 9110, 8.8.3). */
export function entityTag(version: string | number): string {
  return `"${version}"`;
}

/**
 * Whether a change may go on (RFC 9110, 13.1.1). Without the header it may; whoever sends it is told when someone else was first.
 * @param ifMatch the `If-Match` header
 * @throws AppError `precondition_failed`
 */
export function checkIfMatch(ifMatch: string | undefined, version: string | number): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (!tags.includes(entityTag(version))) {
    throw new AppError(
      'precondition_failed',
      'This was changed by someone else in the meantime. Read it again, then repeat the change.',
    );
  }
}

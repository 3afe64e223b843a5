import type { ConnectionView } from '../connections/connections.dto.js';
import type { Rooms } from './rooms.js';

/** All pages of the list. */
export async function everyConnection({ connections }: Rooms): Promise<ConnectionView[]> {
  const all: ConnectionView[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await connections.page({ limit: 200, ...(cursor && { cursor }) });
    all.push(...page.items);
    cursor = page.nextCursor;
  }
  return all;
}

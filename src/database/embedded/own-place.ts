import { chmod, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A folder outside the project that any user may enter and only we may change: for what the server's user could not reach
 * where it belongs. In `/var/tmp`, which outlives a reboot.
 */
export async function ownPlace(name: string): Promise<string> {
  const us = process.getuid?.() ?? 0;
  const parent = (await lstat('/var/tmp').catch(() => undefined)) ? '/var/tmp' : tmpdir();
  const place = join(parent, `lingpai-${us}-${name}`);
  await mkdir(place).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  // Anyone may make folders there: one that was put there for us to fall into is not used.
  const found = await lstat(place);
  if (!found.isDirectory() || found.uid !== us)
    throw new Error(`${place} belongs to someone else: remove it, or set DATABASE_URL.`);
  await chmod(place, 0o711);
  return place;
}

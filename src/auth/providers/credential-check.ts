import { AppError } from '../../common/app-error.js';
import { PlatformTokenRejected } from './platform-tokens.js';
import type { CredentialCheck } from './provider.js';

/** Tries one thing with a connection's credentials; whatever fails becomes the answer. */
export async function tryOut(name: string, work: () => Promise<unknown>): Promise<CredentialCheck> {
  try {
    await work();
    return { name, ok: true };
  } catch (thrown) {
    const error: unknown = thrown instanceof PlatformTokenRejected ? thrown.cause : thrown;
    if (!(error instanceof AppError)) throw error;
    const { code, operator } = error;
    return {
      name,
      ok: false,
      code,
      ...(operator?.platformCode !== undefined && { platformCode: operator.platformCode }),
      message: operator?.platformMessage ?? error.message,
      ...(operator?.fix !== undefined && { fix: operator.fix }),
    };
  }
}

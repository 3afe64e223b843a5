import type { Fault } from '../common/faults.js';

/**
 * Why a port cannot be opened, as a fault of the environment that says which variable to change.
 * @returns undefined where it is no fault of the environment
 */
export function listeningFault(
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): Fault | undefined {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const words: Readonly<Record<string, string>> = {
    EADDRINUSE: `PORT: ${port} is taken by another program`,
    EACCES: `PORT: ${port} may not be opened by this user; take one from 1024 on`,
    EADDRNOTAVAIL: `HOST: ${host} is no address of this machine`,
    ENOTFOUND: `HOST: ${host} is a name without an address`,
    EAI_AGAIN: `HOST: ${host} is a name without an address`,
  };
  return words[code] && `${words[code]} (${code})`;
}

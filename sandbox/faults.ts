/** A refusal in the platform's own words. */
export type RefusalKind = 'busy' | 'rate-limit' | 'token-invalid' | 'ip-not-allowed';

/**
 * What can go wrong with a call:
 * - `slow`: the call is answered `delayMs` later;
 * - `down`: the connection breaks before the call is carried out; `lost`: it breaks after;
 * - `html`: a proxy's error page, 502, in place of the call;
 * - `half-json`: the call is carried out, half of its answer arrives;
 * - the rest are refusals in the platform's words, in place of the call.
 */
export type FaultKind = 'slow' | 'down' | 'lost' | 'html' | 'half-json' | RefusalKind;

export const faultKinds: readonly FaultKind[] = [
  'slow',
  'down',
  'lost',
  'html',
  'half-json',
  'busy',
  'rate-limit',
  'token-invalid',
  'ip-not-allowed',
];

export interface Fault {
  readonly kind: FaultKind;
  /** A host (`qyapi.weixin.qq.com`), one call (`qyapi.weixin.qq.com/cgi-bin/gettoken`), or absent for all. */
  readonly on?: string;
  /** How many calls it strikes; absent: until it is cleared. */
  readonly times?: number;
  /** For `slow`: how long. */
  readonly delayMs?: number;
}

/** What strikes one call. */
export interface Strike {
  readonly delayMs: number;
  readonly kind?: Exclude<FaultKind, 'slow'>;
}

interface ActiveFault {
  readonly fault: Fault;
  left: number;
}

/** The faults that are switched on, and which of them strikes a call. */
export class Faults {
  #active: ActiveFault[] = [];

  add(fault: Fault): void {
    this.#active.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
  }

  clear(on?: string): void {
    this.#active = on === undefined ? [] : this.#active.filter(({ fault }) => fault.on !== on);
  }

  list(): readonly Fault[] {
    return this.#active.map(({ fault, left }) =>
      Number.isFinite(left) ? { ...fault, times: left } : fault,
    );
  }

  /** Takes what strikes this call: every delay that fits, and the first other fault. */
  strike(call: { host: string; name: string; takesToken: boolean; isPage: boolean }): Strike {
    let delayMs = 0;
    let kind: Strike['kind'];
    for (const active of this.#active) {
      const { fault } = active;
      if (!isMeant(fault, call)) continue;
      if (fault.kind === 'slow') delayMs += fault.delayMs ?? 1000;
      else if (kind === undefined) kind = fault.kind;
      else continue;
      active.left--;
    }
    this.#active = this.#active.filter(({ left }) => left > 0);
    return kind === undefined ? { delayMs } : { delayMs, kind };
  }
}

/** Kinds that a page for people can show too; the others exist only where JSON is spoken. */
const pageKinds: readonly FaultKind[] = ['slow', 'down', 'lost', 'html'];

function isMeant(
  fault: Fault,
  call: { host: string; name: string; takesToken: boolean; isPage: boolean },
): boolean {
  const { on, kind } = fault;
  if (on !== undefined && on !== call.host && on !== call.name) return false;
  if (call.isPage && !pageKinds.includes(kind)) return false;
  if (kind === 'token-invalid') return call.takesToken;
  // The token call itself passes from any address on the public service (reference wecom 3, 11);
  // a private deployment refuses it already, which a test gets by naming that call.
  if (kind === 'ip-not-allowed') return call.takesToken || on === call.name;
  return true;
}

import type { OpenConnection } from '../../../connections/connection.registry.js';
import type { BrowserRequest } from '../browser-request.js';
import type { SignInOrigin } from '../person-sign-in.js';
import type { Step } from './step.js';

/** A request to a step, after it has proven to come from the step's own browser. */
export interface StepRequest {
  readonly step: Step;
  readonly connection: OpenConnection;
  readonly browser: BrowserRequest;
  /** The secrets that the browser holds: at least one. */
  readonly browserSecrets: readonly string[];
  readonly sessionId: string | undefined;
  readonly origin: SignInOrigin;
  /** The number as the person typed it, where it was refused: it stays in the field. */
  readonly typedPhone?: string;
  /** Where the client wants the browser back. */
  readonly redirectUri: string;
}

/** The fields of a form that was sent, as they came. */
export type Form = unknown;

/** A field as text, cut to what any of our fields may hold. */
export function field(form: Form, name: string): string {
  const value =
    typeof form === 'object' && form !== null
      ? (form as Readonly<Record<string, unknown>>)[name]
      : undefined;
  return typeof value === 'string' ? value.slice(0, 200) : '';
}

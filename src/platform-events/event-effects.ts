import type { EventChannel, EventEffect } from '../auth/providers/platform-events.js';

/** The event that something follows from, without its content. */
export interface EventSource {
  /** The connection's slug. */
  readonly connection: string;
  readonly channel: EventChannel;
  /** In the platform's words, e.g. `delete_user`. */
  readonly type: string;
  readonly subject: string;
  /** When the platform made it. */
  readonly sentAt: Date;
}

/** Brings to people and tenants what an event means for them. It knows no platform. */
export abstract class EventEffects {
  /**
   * Applies what follows from one event, all of it. It is called again after a failure or a crash, so it must do no harm when it was
   * done before.
   * @throws whatever keeps it from being done now: it is tried again later
   */
  abstract apply(effects: readonly EventEffect[], event: EventSource): Promise<void>;
}

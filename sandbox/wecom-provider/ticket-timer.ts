import type { CallbackSender } from './callback-sender.js';
import type { CallbackUrls } from './callback-urls.js';
import type { ProviderEvents } from './events.js';
import type { WecomProviderState } from './state.js';

const EVERY_MS = 600_000;
const LOOK_EVERY_MS = 1000;

/** Pushes tickets every ten minutes of sandbox time, to suites that have told where to. */
export class TicketTimer {
  #nextAtMs: number;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly state: WecomProviderState,
    private readonly urls: CallbackUrls,
    private readonly events: ProviderEvents,
    private readonly sender: CallbackSender,
  ) {
    this.#nextAtMs = state.clock.now() + EVERY_MS;
    this.#timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();
    state.clock.onMove(() => this.look());
  }

  /** Pushes if it is time. A jump over several pushes makes one, the newest: only that is of use. */
  look(): void {
    const now = this.state.clock.now();
    // A clock that was set back must not make the next push later than ten minutes from now.
    this.#nextAtMs = Math.min(this.#nextAtMs, now + EVERY_MS);
    if (now < this.#nextAtMs) return;
    this.#nextAtMs = now + EVERY_MS;
    if (this.state.settings.ticketPushes === 'off') return;
    for (const { suiteId } of this.state.world.provider.suites) {
      if (this.urls.find(suiteId, 'command')) this.sender.track(this.events.pushTickets(suiteId));
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

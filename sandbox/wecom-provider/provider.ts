import type { SandboxClock } from '../clock.js';
import type { Variation } from '../variation.js';
import { CallbackSender } from './callback-sender.js';
import { CallbackUrls } from './callback-urls.js';
import { Contacts } from './contacts.js';
import { ProviderEvents } from './events.js';
import { WecomProviderState } from './state.js';
import { TicketTimer } from './ticket-timer.js';
import type { WecomProviderWorld } from './world.js';

/** WeCom as a service provider meets it: what it knows, and what it sends by itself. */
export class WecomProvider {
  readonly state: WecomProviderState;
  readonly sender: CallbackSender;
  readonly urls: CallbackUrls;
  readonly events: ProviderEvents;
  readonly contacts: Contacts;
  readonly #tickets: TicketTimer;

  constructor(seed: WecomProviderWorld, clock: SandboxClock, variation: Variation) {
    this.state = new WecomProviderState(seed, clock, variation);
    this.sender = new CallbackSender(clock, this.state.settings);
    this.urls = new CallbackUrls(this.state, this.sender);
    this.events = new ProviderEvents(this.state, this.urls, this.sender);
    this.contacts = new Contacts(this.state, this.events);
    this.#tickets = new TicketTimer(this.state, this.urls, this.events, this.sender);
  }

  reset(): void {
    this.state.reset();
    this.sender.clearLog();
  }

  async stop(): Promise<void> {
    this.#tickets.stop();
    await this.sender.stop();
  }
}

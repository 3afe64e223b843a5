/** Where a callback arrived: `/events/:slug`, and beneath it `/data`, `/login-suite`, `/contacts` (DESIGN 10, 12). */
export const eventChannels = ['main', 'data', 'login-suite', 'contacts'] as const;
export type EventChannel = (typeof eventChannels)[number];

/** A callback as HTTP brought it; nothing of it is believed yet. */
export interface CallbackRequest {
  readonly method: 'GET' | 'POST';
  readonly query: URLSearchParams;
  /** UTF-8; empty for GET. */
  readonly body: string;
}

/** What is answered at once, whatever the event comes to later. */
export interface CallbackAnswer {
  readonly contentType: 'text/plain' | 'application/json';
  readonly body: string;
}

/** A verified, decrypted event. */
export interface PlatformEvent {
  readonly channel: EventChannel;
  /** The decrypted text, whole: identical content is one event. May hold codes, tickets and people's data. */
  readonly content: string;
  /** What it is, in the platform's words, for logs and audit: `create_auth`, `delete_user`, `user_leave_org`. */
  readonly type: string;
  /** When the platform made it. */
  readonly sentAt: Date;
  /** Whom it is about, e.g. a corp's or a person's id: events of one subject are handled one after the other. */
  readonly subject: string;
}

export type ReadCallback =
  /** A test of the URL: nothing happened. */
  | { readonly kind: 'verification'; readonly answer: CallbackAnswer }
  | { readonly kind: 'event'; readonly event: PlatformEvent; readonly answer: CallbackAnswer };

/** What an event means for people and tenants; the one who applies it knows no platform. */
export type EventEffect =
  /** Left the corp, was disabled there, or is out of the app's range; named by the platform's id inside the corp, its subject, or both. */
  | {
      readonly kind: 'person-left';
      readonly issuer: string;
      readonly userId?: string;
      readonly subject?: string;
    }
  /** Is the same person under another id. */
  | {
      readonly kind: 'person-renamed';
      readonly issuer: string;
      readonly fromUserId: string;
      readonly toUserId: string;
      /** Where the id is the subject, both of them as the subject is spelled. */
      readonly fromSubject?: string;
      readonly toSubject?: string;
    }
  /** The corp took the app away: nobody of it may stay signed in. */
  | { readonly kind: 'tenant-left'; readonly issuer: string };

/** The encrypted callbacks of one connection. */
export interface EventReceiver {
  /** Which URLs this connection has keys for. */
  readonly channels: readonly EventChannel[];
  /**
   * Verifies and decrypts; asks nobody. Constant-time, size-limited, XML without entities.
   * @throws AppError `callback_refused`, always the same to whoever sent it, with the reason for the operator
   */
  read(channel: EventChannel, request: CallbackRequest): Promise<ReadCallback>;
  /**
   * Does what the event asks for, which may take calls to the platform. It is called again after a failure or a crash, so it must do no
   * harm when its work was done before.
   * @returns what it means for people and tenants; nothing for an unknown kind
   * @throws AppError the platform's failures: it is tried again later
   */
  handle(event: PlatformEvent): Promise<readonly EventEffect[]>;
}

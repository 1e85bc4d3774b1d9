import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Random } from '@ocmesh/shared/ambient';
import type { Filter, NostrEvent } from '@ocmesh/shared/wire';
import type { StoredEvents } from './stored-events.ts';
import type { Strangers } from './strangers.ts';

/** A frame of NIP-01, in either direction. */
export type Frame = readonly [type: string, ...rest: unknown[]];

/** How much each hostile relay misbehaves. Tests may turn it down to save time. */
export const defaultTuning = {
  /** auth-storm: milliseconds between challenges. */
  challengeEveryMs: 5,
  /** duplicates-and-reorders: copies of each event, and milliseconds for which live events are held to be shuffled. */
  copies: 10,
  shuffleMs: 20,
  /** flapper: milliseconds until it cuts a connection. */
  cutAfterMs: 2_000,
  /** loses-first-req: milliseconds after the open during which a REQ is lost. */
  deafMs: 50,
  /** huge-frame: bytes of a huge frame, and every how many frames it comes. */
  hugeBytes: 4 * 1024 * 1024,
  hugeEvery: 10,
  /** zip-bomb: bytes after inflation. */
  bombBytes: 64 * 1024 * 1024,
  /** slow-drip: milliseconds per byte. */
  byteEveryMs: 20,
  /** two-hours-late: age in milliseconds that an event must have. */
  lateMs: 2 * 3_600_000,
  /** rate-limiter: events accepted per minute. */
  writesPerMinute: 6,
  /** pow-demander: leading zero bits that it requires. */
  powBits: 28,
  /** endless-pages: events per page. */
  pageEvents: 100,
  /** reopened-challenge: milliseconds for which an authentication is valid. */
  forgetsAfterMs: 1_000,
  /** keeps-a-minute: milliseconds for which it keeps an event. */
  keepsMs: 60_000,
  /** loses-at-random: share of the accepted events that it loses. */
  lostShare: 0.3,
  /** lies-to-some: keys whose events, and events for whom, it drops. */
  liesTo: [] as readonly string[],
  /** forgets-subscriptions: milliseconds until it forgets a live subscription. */
  subscriptionMs: 15_000,
  /** refuses-old-dates: largest age of `created_at`, in seconds. */
  oldestSec: 900,
  /** refuses-all-but-now: largest difference between `created_at` and now, in seconds. */
  toleranceSec: 60,
  /** blocks-once: how many direct messages it refuses. */
  blocks: 1,
  /** oldest-first, ignores-until, small-pages: stored events per REQ. */
  pageCap: 500,
  /** slow-to-answer, closes-duplicates: milliseconds until it answers a REQ. */
  answersAfterMs: 6_000,
  /** few-subscriptions: subscriptions per connection. */
  maxSubscriptions: 1,
  /** cached-info: seconds for which the NIP-11 document was in a cache. */
  ageSec: 3_600,
  /** khatru: bytes of the largest frame. */
  khatruFrameBytes: 512_000,
};

export type Tuning = typeof defaultTuning;

/** One client's connection. */
export interface Client {
  /** The byte stream under the WebSocket. */
  readonly raw: Duplex;
  readonly openedAtMs: number;
  readonly subscriptions: Map<string, readonly Filter[]>;
  /** State that the behaviour keeps about the client. */
  readonly state: Map<string, unknown>;
  /** Sends an honest relay's frame, which the behaviour's `onSend` may replace. */
  respond(...frame: Frame): void;
  /** Sends a frame unchanged. */
  send(frame: Frame | string): void;
  isOpen(): boolean;
}

/** The parts of a relay that a behaviour may use. */
export interface RelayContext {
  readonly port: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly tuning: Tuning;
  /** Events that an honest relay would have stored. */
  readonly events: StoredEvents;
  readonly strangers: Strangers;
  /** Handles a frame as an honest relay does. */
  answer(frame: Frame, client: Client): void;
  /** Counts that the relay did what its name says. */
  countMisdeed(): void;
}

/** How a relay differs from an honest one. Without an override, it behaves correctly. */
export interface Overrides {
  /** Returns whether it stores an event that it accepts. */
  readonly keeps?: (event: NostrEvent) => boolean;
  /** Returns whether it sends a new event to the subscriptions that match. Called after `keeps`. */
  readonly forwards?: (event: NostrEvent) => boolean;
  /** Returns the stored events for a REQ, in the order in which they are sent. */
  readonly find?: (filters: readonly Filter[]) => readonly NostrEvent[];
  /** @returns true to prevent the usual upgrade */
  readonly onUpgrade?: (request: IncomingMessage, raw: Duplex) => boolean;
  /** Returns extra header lines of the upgrade response. */
  readonly upgradeHeaders?: (request: IncomingMessage) => readonly string[];
  /** Accepts compression if a client offers it. */
  readonly deflates?: boolean;
  /** Handles other HTTP requests, such as for the NIP-11 document. */
  readonly onRequest?: RequestListener;
  readonly onOpen?: (client: Client) => void;
  /** @returns true if it handled the frame */
  readonly onFrame?: (frame: Frame, client: Client) => boolean;
  /** Returns the frames to send in place of an honest one. */
  readonly onSend?: (frame: Frame, client: Client) => readonly Frame[];
  /** Writes a text in place of the WebSocket. Then `onPing` must be given, too. */
  readonly write?: (text: string, client: Client) => void;
  readonly onPing?: (payload: Buffer, client: Client) => void;
}

/** Makes the overrides for one relay. */
export type Behaviour = (relay: RelayContext) => Overrides;

import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock, Random } from '@ocmesh/shared/ambient';
import type { Filter } from '@ocmesh/shared/wire';
import type { EventBook } from './event-book.ts';
import type { Strangers } from './strangers.ts';

/** NIP-01: what a relay and its clients say to each other. */
export type Frame = readonly [type: string, ...rest: unknown[]];

/** How hard each of them misbehaves, with units. A test turns these down where it has no time. */
export const defaultTuning = {
  /** auth-storm: milliseconds between two challenges. */
  challengeEveryMs: 5,
  /** duplicates-and-reorders: copies of each event, and milliseconds for which live ones are held to be shuffled. */
  copies: 10,
  shuffleMs: 20,
  /** flapper: milliseconds after which it cuts a connection. */
  cutAfterMs: 2_000,
  /** loses-first-req: milliseconds after the open in which a REQ is lost. */
  deafMs: 50,
  /** huge-frame: bytes of a huge frame, and how many frames come between two of them. */
  hugeBytes: 4 * 1024 * 1024,
  hugeEvery: 10,
  /** zip-bomb: bytes after inflation. */
  bombBytes: 64 * 1024 * 1024,
  /** slow-drip: milliseconds for each byte. */
  byteEveryMs: 20,
  /** two-hours-late: age in milliseconds below which an event is not taken. */
  lateMs: 2 * 3_600_000,
  /** rate-limiter: events taken in one minute. */
  writesPerMinute: 6,
  /** pow-demander: leading zero bits that it wants. */
  powBits: 28,
  /** endless-pages: events in a page. */
  pageEvents: 100,
  /** reopened-challenge: milliseconds after which an authentication counts no more. */
  forgetsAfterMs: 1_000,
};

export type Tuning = typeof defaultTuning;

/** One connection. */
export interface Client {
  /** The bytes under the WebSocket. */
  readonly raw: Duplex;
  readonly openedAtMs: number;
  readonly subscriptions: Map<string, readonly Filter[]>;
  /** Whatever the behaviour keeps about it. */
  readonly notes: Map<string, unknown>;
  /** As the honest relay would: through the behaviour's `onSend`. */
  say(...frame: Frame): void;
  /** Past `onSend`, as it stands. */
  send(frame: Frame | string): void;
  /** Whether it is still there. */
  isOpen(): boolean;
}

/** What a behaviour may use of its relay. */
export interface RelayHands {
  readonly port: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly tuning: Tuning;
  /** What an honest relay would have kept. */
  readonly book: EventBook;
  readonly strangers: Strangers;
  /** Notes that it did what its name says. */
  misbehave(): void;
}

/** Where a relay departs from an honest one; everything it leaves out is done right. */
interface Conduct {
  /** @returns true when it keeps the connection from being upgraded as usual */
  readonly onUpgrade?: (request: IncomingMessage, raw: Duplex) => boolean;
  /** Header lines for the answer to an upgrade. */
  readonly upgradeHeaders?: (request: IncomingMessage) => readonly string[];
  /** Agrees on compression with a client that offers it. */
  readonly deflates?: boolean;
  /** Answers plain HTTP: NIP-11. */
  readonly onRequest?: RequestListener;
  readonly onOpen?: (client: Client) => void;
  /** @returns true when it dealt with the frame itself */
  readonly onFrame?: (frame: Frame, client: Client) => boolean;
  /** What goes out in place of an honest frame. */
  readonly onSend?: (frame: Frame, client: Client) => readonly Frame[];
  /** Writes a text by itself, in place of the WebSocket. Then pings are its business too. */
  readonly write?: (text: string, client: Client) => void;
  readonly onPing?: (payload: Buffer, client: Client) => void;
}

export type Behaviour = (relay: RelayHands) => Conduct;

import type { ConfirmedMs, UnixMs } from '@ocmesh/shared/ambient';
import type { DeliveryState, Pubkey } from '@ocmesh/shared/contract';
import type { MessageRecord, NewMessage, Order, ReceiptDue } from '../model/message.ts';

export interface MessageFilter {
  readonly unread?: boolean;
  readonly direction: 'in' | 'out' | 'all';
  /** By position of arrival, the default, or in the order of the conversations. */
  readonly by?: 'arrival' | 'conversation';
  readonly order: 'asc' | 'desc';
  readonly peer?: Pubkey;
  readonly type?: string;
  readonly thread?: string;
  readonly replyTo?: string;
  readonly q?: string;
  /** Position of arrival after which messages count. */
  readonly after?: number;
  /** Leaves out messages that have ended by then. */
  readonly shownAtMs?: UnixMs;
  /** The last message on the previous page: its position of arrival, or its place and rank. */
  readonly cursor?: { readonly position: number; readonly rank: number };
  readonly limit: number;
}

/** What the delivery of a message needs of it, without its text. */
export type MessageHead = Pick<MessageRecord, 'id' | 'eventId' | 'state'>;

export interface MessagesTable {
  /**
   * Without an order, the message comes last in its conversation.
   * @returns the position of arrival
   */
  insert(message: NewMessage, order?: Order): number;
  setMissing(arrival: number, missing: number): void;
  /** Returns the latest message of this peer before which the one with this number is missing. */
  behindGap(peer: Pubkey, seq: number): MessageRecord | null;
  /** Returns the message of this series with this number, or else with the next one that is there. */
  firstFrom(peer: Pubkey, series: number, seq: number): MessageRecord | null;
  /** Returns the place of the last message of this series before this number; 0 if there is none. */
  placeBefore(peer: Pubkey, series: number, seq: number): number;
  /** Returns the place of our first message to this peer after this time, among the last 100 in this part of the conversation. */
  firstSentAfter(
    peer: Pubkey,
    atMs: UnixMs,
    within: { readonly fromPlace: number; readonly beforePlace: number },
  ): number | null;
  /** Counts messages of this peer that arrived after this position and have no number, up to `limit`. */
  countUnnumbered(peer: Pubkey, afterArrival: number, limit: number): number;
  get(id: string): MessageRecord | null;
  /** Returns our message to this peer with this id or event id, as a receipt names it. */
  findOutgoing(peer: Pubkey, idOrEventId: string): MessageHead | null;
  findByEvent(eventId: string): MessageRecord | null;
  headOf(eventId: string): MessageHead | null;
  list(filter: MessageFilter): MessageRecord[];
  /** Returns the position of the newest message; 0 before the first. */
  lastArrival(): number;
  /** Counts unread messages that have not ended by then, of one peer or of all. */
  countUnread(shownAtMs: UnixMs, peer?: Pubkey): number;
  /** Sets the state unconditionally; callers check `canMove` first. `delivered` and `read` also record the time. */
  setState(id: string, state: DeliveryState, atMs: UnixMs): void;
  /** Returns the ids of unread incoming messages among these that have not ended by then. */
  unreadIds(
    which: { ids: readonly string[] } | { from?: Pubkey | undefined; upTo?: number | undefined },
    shownAtMs: UnixMs,
  ): string[];
  markRead(id: string): void;
  setReceiptDue(id: string, due: ReceiptDue): void;
  /** Returns incoming messages that owe a receipt to correspondents, or to other strangers, the oldest first. */
  receiptsDue(
    to: 'correspondents' | 'strangers',
    limit: number,
  ): { id: string; eventId: string; peer: Pubkey; due: Exclude<ReceiptDue, 'none'> }[];
  /** Returns ids of this peer's messages for which this receipt was sent last, the newest first. */
  receipted(peer: Pubkey, state: 'delivered' | 'read', sinceMs: ConfirmedMs, limit: number): string[];
  /** Returns the number of messages and the bytes of their text. */
  totals(): { count: number; bytes: number };
  /**
   * Removes up to `limit` of the oldest messages that nobody waits for: read ones, and sent ones that are no longer in
   * the outbox; with `unreadOfStrangers` also unread ones of strangers. Never removes contacts' unread messages or
   * messages that owe a receipt.
   * @returns how many were removed
   */
  prune(which: {
    readonly unreadOfStrangers: boolean;
    readonly arrivedBeforeMs?: ConfirmedMs;
    readonly limit: number;
  }): number;
  /** Whether there are messages that may no longer be shown. */
  hasExpired(nowMs: UnixMs): boolean;
  removeExpired(nowMs: UnixMs): void;
  /** Returns the newest incoming message of this time, in one conversation or in all. */
  newestIncoming(within: {
    readonly fromMs: ConfirmedMs;
    readonly toMs: ConfirmedMs;
    readonly peer?: Pubkey;
  }): Pick<MessageRecord, 'peer' | 'hops'> | null;
  /** Counts our automatic messages to this peer of this time, up to `limit`. */
  countAutomatic(
    peer: Pubkey,
    within: { readonly afterMs: ConfirmedMs; readonly toMs: ConfirmedMs; readonly limit: number },
  ): number;
  /** Counts outgoing messages in each of these states. */
  countByState<S extends DeliveryState>(...states: S[]): Record<S, number>;
}

import type { ConfirmedMs, UnixMs } from '@ocmesh/shared/ambient';
import { type DeliveryState, type Pubkey, utf8Bytes } from '@ocmesh/shared/contract';

export interface MessageRecord {
  /** Position of arrival; grows by one with each stored message. */
  readonly arrival: number;
  /** The same on both sides: the envelope's `mid`, else the id of the kind 14 message or of the kind 4 event. */
  readonly id: string;
  readonly eventId: string;
  readonly peer: Pubkey;
  readonly direction: 'in' | 'out';
  readonly type: string;
  readonly content: string;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly replyTo: string | null;
  readonly thread: string | null;
  readonly timestampMs: UnixMs;
  /** When this daemon stored it: how old it is, not a date. */
  readonly arrivedAtMs: ConfirmedMs;
  readonly read: boolean;
  readonly state: DeliveryState;
  readonly deliveredAtMs: UnixMs | null;
  /** When the peer's agent read it (outgoing only). */
  readonly readAtMs: UnixMs | null;
  /** The sender's number for it in this conversation; null if it gave none. */
  readonly seq: number | null;
  /** Sent without a person: a reply within a minute, or marked so by its sender. */
  readonly auto: boolean;
  /** Automatic messages in a row, including this one; 0 if a person wrote it. */
  readonly hops: number;
  /** All receivers of a message to several; empty otherwise. */
  readonly recipients: readonly Pubkey[];
  readonly subject: string | null;
  /** When it may no longer be shown; null if it never ends. */
  readonly expiresAtMs: UnixMs | null;
  /** When its sender says it was written, unchecked; null if stored before it was kept. Outgoing: not kept. */
  readonly writtenMs: UnixMs | null;
  readonly order: Order;
}

/** Whether the message may no longer be shown. */
export const hasEnded = (
  { expiresAtMs }: { readonly expiresAtMs?: UnixMs | null },
  dateMs: UnixMs,
): boolean => expiresAtMs != null && expiresAtMs <= dateMs;

type Optional = 'recipients' | 'subject' | 'expiresAtMs' | 'writtenMs';

/** Where a message stands in its conversation. */
export interface Order {
  /** Position of arrival of the message itself or, if it came late, of the one that it stands before. */
  readonly place: number;
  /** Orders messages with the same place. */
  readonly rank: number;
  /** The series of its sender that it belongs to; 0 if none is known. */
  readonly series: number;
  /** Messages of the series known to be missing just before it. */
  readonly missing: number;
}

/** A series of messages that a peer numbers one by one. It begins a new one when it loses count, after a reinstall say. */
export interface Series {
  /** Position of arrival of its first message. */
  readonly series: number;
  readonly lastSeq: number;
  /** When the message with this number was written, by its sender's clock. */
  readonly lastWrittenMs: UnixMs;
  readonly lastArrival: number;
  /** What was written before belongs to an earlier series; 0 if there is none. */
  readonly fromWrittenMs: UnixMs;
}

export type NewMessage = Omit<MessageRecord, 'arrival' | 'order' | Optional> &
  Partial<Pick<MessageRecord, Optional>> & {
    /** The receipt that we still owe for it. */
    readonly receiptDue: ReceiptDue;
  };

/**
 * Bytes that a stored message costs besides its text. 980 were measured, with its indexes, relay outcome and event id; the
 * longest ids add 400.
 */
export const ROW_BYTES = 1400;

/** Bytes of the text and data of a message. */
export const textBytes = ({ content, data }: Pick<MessageRecord, 'content' | 'data'>): number =>
  utf8Bytes(content) + (data ? utf8Bytes(JSON.stringify(data)) : 0);

/** Receipt that the sender of an incoming message has not been sent yet. */
export type ReceiptDue = 'none' | 'delivered' | 'read';

const next: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  // A receipt may overtake a relay's OK: the peer can have the message before we know that a relay accepted it.
  queued: ['published', 'delivered', 'read', 'failed', 'expired'],
  // Back to `queued`: the relays that accepted it were found to drop what they accept.
  published: ['queued', 'delivered', 'read'],
  delivered: ['read'],
  // We gave up, but the peer received the message after all.
  failed: ['delivered', 'read'],
  expired: ['delivered', 'read'],
  read: [],
  received: [],
};

/** Whether a message may change from one delivery state to another. */
export const canMove = (from: DeliveryState, to: DeliveryState): boolean => next[from].includes(to);

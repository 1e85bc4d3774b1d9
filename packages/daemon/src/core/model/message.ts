import type { UnixMs } from '@ocmesh/shared/ambient';
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
  /** When this daemon stored it. */
  readonly arrivedAtMs: UnixMs;
  readonly read: boolean;
  readonly state: DeliveryState;
  readonly deliveredAtMs: UnixMs | null;
  /** When the peer's agent read it (outgoing only). */
  readonly readAtMs: UnixMs | null;
  /** Place in the conversation (outgoing only). */
  readonly seq: number | null;
  /** Sent without a person: a reply within a minute, or marked so by its sender. */
  readonly auto: boolean;
  /** Automatic messages in a row, including this one; 0 if a person wrote it. */
  readonly hops: number;
}

export type NewMessage = Omit<MessageRecord, 'arrival'> & {
  /** The receipt that we still owe for it. */
  readonly receiptDue: ReceiptDue;
};

/**
 * Bytes that a stored message costs besides its text. 870 were measured, with its indexes, relay outcome and event id; the
 * longest ids add 400.
 */
export const ROW_BYTES = 1280;

/** Bytes of the text and data of a message. */
export const textBytes = ({ content, data }: Pick<MessageRecord, 'content' | 'data'>): number =>
  utf8Bytes(content) + (data ? utf8Bytes(JSON.stringify(data)) : 0);

/** Receipt that the sender of an incoming message has not been sent yet. */
export type ReceiptDue = 'none' | 'delivered' | 'read';

const next: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  // A receipt may overtake a relay's OK: the peer can have the message before we know that a relay accepted it.
  queued: ['published', 'delivered', 'read', 'failed', 'expired'],
  published: ['delivered', 'read'],
  delivered: ['read'],
  // We gave up, but the peer received the message after all.
  failed: ['delivered', 'read'],
  expired: ['delivered', 'read'],
  read: [],
  received: [],
};

/** Whether a message may change from one delivery state to another. */
export const canMove = (from: DeliveryState, to: DeliveryState): boolean => next[from].includes(to);

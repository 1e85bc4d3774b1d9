import type { ConfirmedMs, UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { NewMessage } from '../model/message.ts';

/** Messages of strangers that are held for the owner's decision. */
export interface HeldTable {
  /** Does nothing if the message is held already. */
  put(message: NewMessage): void;
  get(id: string): NewMessage | null;
  /** Returns the held messages of this peer in order of arrival. */
  of(peer: Pubkey): NewMessage[];
  removeOf(peer: Pubkey): void;
  /** Returns strangers with held messages that have not ended by then, in order of their first one. */
  peers(shownAtMs: UnixMs): { peer: Pubkey; sinceMs: ConfirmedMs; count: number }[];
  forgetBefore(atMs: ConfirmedMs): void;
  hasExpired(nowMs: UnixMs): boolean;
  removeExpired(nowMs: UnixMs): void;
}

/** Strangers our agent wants to write to, if the owner agrees. */
export interface PendingContactsTable {
  /** Does nothing if there is one for this peer already. */
  put(peer: Pubkey, atMs: ConfirmedMs, content: string): void;
  remove(peer: Pubkey): void;
  list(): { peer: Pubkey; atMs: ConfirmedMs; content: string }[];
  forgetBefore(atMs: ConfirmedMs): void;
}

/** Conversations that the loop guard has ever paused. */
export interface LoopsTable {
  get(peer: Pubkey): LoopRecord | null;
  set(peer: Pubkey, record: LoopRecord): void;
  /** Returns conversations that were paused after this time and not resumed. */
  pausedSince(sinceMs: ConfirmedMs): { peer: Pubkey; pausedAtMs: ConfirmedMs }[];
}
interface LoopRecord {
  /** null once resumed. */
  readonly pausedAtMs: ConfirmedMs | null;
  /** Earlier messages do not count. */
  readonly countFromMs: ConfirmedMs;
}

/** Keys that got a hello, including those of forgotten peers. */
export interface GreetedTable {
  has(pubkey: Pubkey): boolean;
  add(pubkey: Pubkey, atMs: ConfirmedMs): void;
  countSince(atMs: ConfirmedMs): number;
  /** Counts those among them that the owner did not name and that never wrote to us. */
  countUnrepliedSince(atMs: ConfirmedMs): number;
}

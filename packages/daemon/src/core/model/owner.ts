import type { ConfirmedMs } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';

/** The key of the phone from which the owner decides about requests. */
export interface OwnerRecord {
  readonly pubkey: Pubkey;
  /** Code that the phone has to send back; null once it did. */
  readonly code: string | null;
  /** Wrong codes that are still allowed. */
  readonly triesLeft: number;
  /** When the key was named, and the code made. */
  readonly namedAtMs: ConfirmedMs;
  /** When no requests are sent, as `22:00-07:00` of the machine's time; null for never. */
  readonly quietHours: string | null;
  /** Whether the owner was told that no relay keeps our mail, and not yet that one does again. */
  readonly mailAlarm: boolean;
}

/** `in`: a stranger wrote. `out`: our agent wants to write to one. `paused`: the loop guard paused a conversation. */
export type OwnerRequestKind = 'in' | 'out' | 'paused';
export type OwnerChoice = 'accept' | 'refuse' | 'block';

/** A request as it was put to the owner's phone. Kind, peer and time say what its number stands for. */
export interface OwnerRequest {
  readonly number: number;
  readonly kind: OwnerRequestKind;
  readonly peer: Pubkey;
  /** Since when it waits. */
  readonly sinceMs: ConfirmedMs;
  readonly sentAtMs: ConfirmedMs;
  /** Date of the message that named it: an older answer cannot be meant for it. */
  readonly datedSec: number;
  readonly choice: OwnerChoice | null;
}

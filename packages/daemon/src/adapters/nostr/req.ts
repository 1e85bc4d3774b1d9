import type { Cancel, MonotonicMs } from '@ocmesh/shared/ambient';
import type { Filter } from '@ocmesh/shared/wire';

/** Whether a relay has more stored events than it sent (NIP-67); null if it does not say. */
export type EoseHint = 'finish' | 'more' | null;

/** A REQ to send, and the callbacks for the relay's responses. */
export interface ReqSpec {
  readonly id: string;
  /** Stays for the life of the connection: it is sent again after a refusal. */
  readonly permanent: boolean;
  readonly filters: () => readonly Filter[];
  /** @param bytes size of the frame */
  onEvent(event: unknown, bytes: number): void;
  /** Called for an event that cannot be passed on: it matches no filter, or cannot be read (null). */
  onDropped(event: unknown, bytes: number): void;
  /** Called once for each time the REQ is sent. */
  onEose(hint: EoseHint): void;
  /** Called when it will not be sent again: refused, without response, or the connection is closed. */
  onEnd(): void;
}

/** A REQ on one connection. */
export interface Req {
  readonly spec: ReqSpec;
  /** Filters as they were sent last; an event that matches none of them was not asked for. */
  filters: readonly Filter[];
  /** `sent`: no response yet; `live`: the relay serves it; `complete`: EOSE has come; `closed`: refused. */
  phase: 'sent' | 'live' | 'complete' | 'closed';
  sentAt: MonotonicMs;
  /** We authenticated because of it since the last challenge. */
  authTried: boolean;
  /** The relay wants NIP-42 first: the next challenge is worth another try. */
  wantsChallenge: boolean;
  /** It was refused as a duplicate since its last EOSE. */
  wasDuplicate: boolean;
  /** A NOTICE that came before any response to it. */
  notice: string | null;
  cancel: Cancel;
}

export const createReq = (spec: ReqSpec): Req => ({
  spec,
  filters: [],
  phase: 'sent',
  sentAt: 0,
  authTried: false,
  wantsChallenge: false,
  wasDuplicate: false,
  notice: null,
  cancel: () => {},
});

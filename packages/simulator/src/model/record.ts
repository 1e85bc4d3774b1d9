import type { DeliveryState, Pubkey } from '@ocmesh/shared/contract';

/** A message that an owner or an agent wanted to send. */
export interface Sending {
  /** Its text, different from that of any other. */
  readonly content: string;
  readonly from: string;
  readonly to: string;
  readonly atMs: number;
  /** Milliseconds after which it may be given up; null for the default of days. */
  readonly lifeMs: number | null;
  /** `pending` until the call returns; `unknown` if the sender died before. */
  outcome: 'pending' | 'accepted' | 'unknown' | `refused: ${string}`;
  /** The message's id, once it is accepted. */
  id: string | null;
  acceptedAtMs: number | null;
}

/** A message that a machine's agent was shown. */
interface Showing {
  readonly id: string;
  readonly from: Pubkey;
  readonly content: string;
  /** Number of the daemon's run. */
  readonly run: number;
  readonly atMs: number;
}

/** A change of a message's state that a machine's owner was shown. */
export interface StateChange {
  readonly id: string;
  readonly state: DeliveryState;
  readonly atMs: number;
}

/** Something that must not be. */
export interface Violation {
  /** Name of the invariant. */
  readonly invariant: string;
  readonly detail: string;
  readonly atMs: number;
}

/** What one machine was told and shown, and therefore may rely on. */
export interface MachineRecord {
  readonly shown: Showing[];
  readonly states: StateChange[];
  /** Ids that this machine's receipts confirmed, by state. */
  readonly receipted: Map<string, 'delivered' | 'read'>;
  /** Peers that the owner blocked, and the last position of arrival when the call had returned. */
  readonly blocked: Map<Pubkey, number>;
  /** Peers that were ever blocked: mail of theirs may be lost. */
  readonly everBlocked: Set<Pubkey>;
  /** Signature checks of events by blocked keys. */
  checkedBlocked: number;
  /** An older backup was restored, or a copy of the home ran: what is in the store says nothing about the past. */
  isRewound: boolean;
  /** When its daemon last came up, and when its last process ended. */
  upAtMs: number;
  goneAtMs: number;
}

export const newMachineRecord = (): MachineRecord => ({
  shown: [],
  states: [],
  receipted: new Map(),
  blocked: new Map(),
  everBlocked: new Set(),
  checkedBlocked: 0,
  isRewound: false,
  upAtMs: 0,
  goneAtMs: 0,
});

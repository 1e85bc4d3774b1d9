import type { Pubkey } from '@ocmesh/shared/contract';
import type { Machine } from './agents/machine.ts';
import type { TransparentEngine } from './crypto/transparent-engine.ts';
import type { History } from './model/history.ts';
import type { Sending, StateChange, Violation } from './model/record.ts';
import type { Wire } from './model/wire.ts';
import type { Network } from './network/network.ts';
import type { MachinePlan, Plan } from './plan/plan.ts';
import type { SimulatedRelay } from './relays/simulated-relay.ts';
import type { VirtualClock } from './time/virtual-clock.ts';

/** An agent of version 0.1 or 0.2, on one relay. */
export interface DeployedAgent {
  readonly pubkey: Pubkey;
  /** Texts that it showed, with their authors. */
  readonly shown: readonly { readonly from: Pubkey; readonly text: string }[];
  readonly url: string;
  /** Connects it, or takes it off its relay. */
  setOn(isOn: boolean): void;
  /** Sends a text to the agent of this name. */
  send(to: string, text: string): void;
}

/** Everything that exists in a simulation, for steps and invariants. */
export interface World {
  readonly plan: Plan;
  readonly virtual: VirtualClock;
  readonly history: History;
  readonly network: Network;
  readonly engine: TransparentEngine;
  readonly machines: Map<string, Machine>;
  /** Agents of the deployed mesh. */
  readonly deployed: Map<string, DeployedAgent>;
  readonly relays: Map<string, SimulatedRelay>;
  /** What agents wanted to send, in order. */
  readonly sendings: Sending[];
  /** What strangers wrote and signed: text, and by whose key. */
  readonly strangersTexts: Map<string, Pubkey>;
  readonly wire: Wire;
  /** Counts of what happened, by name. */
  readonly counts: Map<string, number>;
  readonly stateListeners: ((machine: Machine, change: StateChange) => void)[];
  /** When something was last done to a machine or a relay, by its name. */
  readonly disturbedMs: Map<string, number>;
  /** Faults have ended. */
  isQuiet: boolean;
  machine(name: string): Machine;
  planOf(machine: string): MachinePlan | undefined;
  keyOf(name: string): Pubkey | undefined;
  /** Returns the name of the agent that first had this key; undefined for strangers. */
  byKey(pubkey: Pubkey): string | undefined;
  violate(violation: Omit<Violation, 'atMs'>): void;
}

export const count = ({ counts }: Pick<World, 'counts'>, what: string, by = 1): void =>
  void counts.set(what, (counts.get(what) ?? 0) + by);

import type { Trust } from '@ocmesh/shared/contract';
import type { Config } from '../../../daemon/src/config/schema.ts';
import type { CrashKind } from '../disk/simulated-disk.ts';
import type { Behaviour } from '../relays/behaviour.ts';

/** One thing that somebody does, or that breaks. Machines and relays are meant by name. */
export type Action =
  | {
      readonly do: 'send';
      readonly machine: string;
      readonly to: string;
      readonly content: string;
      readonly byPerson: boolean;
      readonly lifeMs: number | null;
    }
  | { readonly do: 'mark read'; readonly machine: string }
  | { readonly do: 'start' | 'stop'; readonly machine: string }
  /** A second daemon takes the home over while the first one runs. */
  | { readonly do: 'take over'; readonly machine: string }
  /** At so many file operations from now; 0 is at once. */
  | { readonly do: 'crash'; readonly machine: string; readonly how: CrashKind; readonly operations: number }
  /** At so many renames from now: those of a snapshot and of a new segment. */
  | {
      readonly do: 'crash at rename';
      readonly machine: string;
      readonly how: CrashKind;
      readonly renames: number;
    }
  | { readonly do: 'back up' | 'restore'; readonly machine: string }
  /** A copy of the machine's home starts on another machine, with this name. */
  | { readonly do: 'copy'; readonly machine: string; readonly as: string }
  | { readonly do: 'step clock'; readonly machine: string; readonly ms: number }
  | { readonly do: 'fill disk' | 'free disk'; readonly machine: string }
  | { readonly do: 'slow disk'; readonly machine: string; readonly ms: number }
  | { readonly do: 'reset connections'; readonly machine: string }
  | { readonly do: 'cut' | 'heal'; readonly machine: string; readonly relay: string }
  | {
      readonly do: 'change relay';
      readonly relay: string;
      readonly standing: 'up' | 'down' | 'mute' | 429 | 503;
    }
  | { readonly do: 'forget'; readonly relay: string }
  /** The relay refuses what the machine writes, with this reason, or takes it again. */
  | { readonly do: 'refuse'; readonly relay: string; readonly machine: string; readonly reason: string }
  | { readonly do: 'take again'; readonly relay: string; readonly machine: string }
  | { readonly do: 'trust'; readonly machine: string; readonly peer: string; readonly trust: Trust }
  | { readonly do: 'set policy'; readonly machine: string; readonly strangers: Config['strangers'] }
  | { readonly do: 'add relay' | 'remove relay'; readonly machine: string; readonly relay: string }
  /** A client that is no agent of ours writes to a machine, through one relay. */
  | {
      readonly do: 'stranger';
      readonly machine: string;
      readonly relay: string;
      readonly what: StrangerAct;
      readonly count: number;
    };

export const strangerActs = [
  'junk messages',
  'flood of what nobody can read',
  'gift wraps of another client',
  'presences of made-up agents',
  'old copies',
  'message with the mid of another',
  'receipts for messages of others',
  'messages in a loop',
  'message from the future',
] as const;
export type StrangerAct = (typeof strangerActs)[number];

export type Step = Action & { readonly atMs: number };

export interface MachinePlan {
  readonly name: string;
  /** Names of its own relays. */
  readonly relays: readonly string[];
  /** Seconds gained per second by its clock. */
  readonly drift: number;
  /** `v0.1` and `v0.2` are agents of the deployed mesh. */
  readonly software: 'ocmesh' | 'v0.1' | 'v0.2';
  readonly strangers: Config['strangers'];
  /** Seconds between two announcements; a peer is offline after three. */
  readonly announceSec: number;
  readonly scanSec: number;
  /** Whether limits are so low that they are reached: of ids and peers, or of messages (`crowded`). */
  readonly bounds: 'usual' | 'low' | 'crowded';
  /** Length of the journal at which it is compacted; null for the usual one. */
  readonly compactBytes: number | null;
  /** Schema of the store that it starts on, which is upgraded; null for a new home. */
  readonly schema?: number | null;
  /** How its agent treats messages: reads them, replies to messages but not to replies, replies to everything, or lets them lie. */
  readonly agent: 'reads' | 'replies' | 'replies always' | 'leaves unread';
}

export interface RelayPlan {
  readonly name: string;
  readonly behaviours: readonly Behaviour[];
}

/** Everything that a simulation needs to run again. */
export interface Plan {
  readonly seed: number;
  /** When faults end: everything is mended, and every machine runs. */
  readonly faultsEndMs: number;
  readonly endMs: number;
  readonly machines: readonly MachinePlan[];
  readonly relays: readonly RelayPlan[];
  /** In order of time. */
  readonly steps: readonly Step[];
}

export const relayUrl = (name: string): string => `wss://${name}.sim`;

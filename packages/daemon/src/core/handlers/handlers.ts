import type { Clock, UnixMs } from '@ocmesh/shared/ambient';
import type { Handlers } from '@ocmesh/shared/contract';
import { ourFeatures } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { RefusalCounters } from '../ingest/verdict.ts';
import type { SendMessage } from '../messaging/send.ts';
import type { Waiting } from '../messaging/wait.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import type { Store } from '../ports/store.ts';
import type { Health } from '../status/health.ts';
import { createMessageHandlers } from './messages.ts';
import { createPeerHandlers } from './peers.ts';
import { createStatusHandlers } from './status.ts';

export interface HandlerDeps {
  readonly identity: Identity;
  readonly store: Store;
  readonly network: RelayNetwork;
  readonly clock: Clock;
  readonly health: Health;
  readonly counters: RefusalCounters;
  readonly send: SendMessage;
  readonly waiting: Waiting;
  /** When a message that is still going out is tried next. */
  readonly nextAttemptAtMs: (eventId: string) => UnixMs | null;
  /** Receipts may have become due. */
  readonly wakeReceipts: () => void;
}

export interface HandlerOptions {
  readonly name: string | null;
  readonly onlineWindowMs: number;
}

/** One handler for each operation of the contract. */
export const createHandlers = (deps: HandlerDeps, options: HandlerOptions): Handlers => ({
  ...createStatusHandlers(deps, options),
  ...createPeerHandlers(deps, options),
  ...createMessageHandlers(deps, options),
  sendMessage: deps.send,
  getIdentity: async () => ({
    pubkey: deps.identity.pubkey,
    npub: deps.identity.npub,
    name: options.name,
    features: [...ourFeatures],
  }),
});

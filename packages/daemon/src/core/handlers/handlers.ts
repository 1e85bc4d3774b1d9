import {
  type CallContext,
  type CoreHandlers,
  type Input,
  openApiDocument,
  type Streams,
} from '@ocmesh/shared/contract';
import { ocmeshVersion, ourFeatures } from '@ocmesh/shared/wire';
import { answerInTime } from './answer-in-time.ts';
import type { HandlerDeps, HandlerOptions } from './deps.ts';
import { createEventHandlers } from './events.ts';
import { createMessageHandlers } from './messages.ts';
import { createMetricsHandler } from './metrics.ts';
import { createOwnerHandlers } from './owner.ts';
import { createPeerHandlers } from './peers.ts';
import { createProfileHandlers } from './profile.ts';
import { createRelayHandlers } from './relays.ts';
import { createStatusHandlers } from './status.ts';
import { createTrustHandlers } from './trust.ts';

/** Creates one handler for each operation of the contract. */
export const createHandlers = (deps: HandlerDeps, options: HandlerOptions): CoreHandlers & Streams => ({
  ...createStatusHandlers(deps, options),
  ...createMetricsHandler(deps, options),
  ...answerInTime(deps.store, {
    ...createRelayHandlers(deps),
    ...createPeerHandlers(deps, options),
    ...createTrustHandlers(deps, options),
    ...createProfileHandlers(deps),
    ...createOwnerHandlers(deps),
    ...createMessageHandlers(deps, options),
    async sendMessage(input: Input<'sendMessage'>, context?: CallContext) {
      // A peer that we never saw may read gift wraps, which hide who writes.
      await deps.lookUpPeer(input.to);
      return deps.send(input, context);
    },
  }),
  ...createEventHandlers(deps, options),
  testWake: ({ watcher }) => deps.wakeTests.run(watcher),
  prove: deps.prove,
  getHistory: async () => deps.history.read(),
  getOpenApi: async () => openApiDocument(ocmeshVersion),
  getIdentity: async () => ({
    pubkey: deps.identity.pubkey,
    npub: deps.identity.npub,
    name: options.name,
    features: [...ourFeatures],
  }),
});

import type { Clock, Log, Random } from '@ocmesh/shared/ambient';
import type { RelayDetails } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { nostrLimits } from '../../adapters/nostr/limits.ts';
import { createRelayNetwork } from '../../adapters/nostr/network.ts';
import { messageKinds } from '../../core/catch-up/fetch-messages.ts';
import { presentRelayDetails } from '../../core/handlers/present.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { PublishOutcome, QueryResult } from '../../core/ports/relay-network.ts';
import { waitFor } from '../wait-for.ts';

/** Handshake and first answer of the slowest relay that the daemon would take. */
const PATIENCE_MS = nostrLimits.connection.handshakeMs + nostrLimits.reply.reqMs;
/** A refusal may be over when we have said who we are, and a NIP-11 document comes on its own way. */
const SECOND_THOUGHTS_MS = 1_000;

/** Short connections to relays, as the daemon has them, without its store: nothing that arrives is kept. */
export interface RelayProbe {
  /** Connects and asks for our messages. Resolves when each relay has shown what it is worth. */
  look(urls: readonly string[]): Promise<readonly RelayDetails[]>;
  publish(url: string, event: NostrEvent): Promise<PublishOutcome>;
  /** Events of ours that the relay holds. */
  find(url: string, ids: readonly string[]): Promise<QueryResult>;
  close(): Promise<void>;
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export function createRelayProbe(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly identity: Identity;
}): RelayProbe {
  const { clock, identity } = deps;
  const network = createRelayNetwork({ ...deps, log: silent, sign: identity.sign });
  network.start(
    [],
    [{ name: 'dm', filters: () => [{ kinds: messageKinds, '#p': [identity.pubkey], limit: 0 }] }],
    {
      onEvent() {},
      onGarbage() {},
      onConnected() {},
      onDisconnected() {},
      onInfo() {},
      onSubscribed() {},
      onState() {},
    },
  );

  return {
    look(urls) {
      network.use(urls);
      return settled(clock, async () => network.relays().map(presentRelayDetails));
    },
    publish: network.publish,
    find: (url, ids) => network.query(url, [{ kinds: messageKinds, '#p': [identity.pubkey], ids }]),
    close: network.stop,
  };
}

/** What relays look like when none is still about to connect, to let us in, or to describe itself. */
export async function settled(
  clock: Clock,
  list: () => Promise<readonly RelayDetails[]>,
): Promise<readonly RelayDetails[]> {
  let since: number | null = null;
  const calm = await waitFor(clock, PATIENCE_MS, async () => {
    const relays = await list();
    if (relays.every(isComplete)) return relays;
    since = relays.every(isDecided) ? (since ?? clock.monotonic()) : null;
    return since !== null && clock.monotonic() - since >= SECOND_THOUGHTS_MS ? relays : null;
  });
  return calm ?? list();
}

const isComplete = (relay: RelayDetails): boolean => relay.carries_dms && relay.supported_nips.length > 0;
const isDecided = (relay: RelayDetails): boolean => relay.carries_dms || relay.last_error !== null;

import { type Clock, type Log, pollUntil, type Random } from '@ocmesh/shared/ambient';
import type { RelayDetails } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { nostrLimits } from '../../adapters/nostr/limits.ts';
import { createRelayNetwork } from '../../adapters/nostr/network.ts';
import { messageKinds } from '../../core/catch-up/fetch-messages.ts';
import { presentRelayDetails } from '../../core/handlers/present.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { PublishOutcome, QueryResult } from '../../core/ports/relay-network.ts';

/** Handshake and first response of the slowest relay that the daemon would use. */
const SETTLE = { everyMs: 50, forMs: nostrLimits.connection.handshakeMs + nostrLimits.reply.reqMs };
/** Time after which a state is final: AUTH may turn a refusal around, and NIP-11 is fetched over a separate connection. */
const FINAL_MS = 1_000;

/** Short connections to relays like the daemon's, but without its store: nothing that arrives is kept. */
export interface RelayProbe {
  /** Connects and subscribes to our messages. Resolves when the state of each relay is clear. */
  connect(urls: readonly string[]): Promise<readonly RelayDetails[]>;
  publish(url: string, event: NostrEvent): Promise<PublishOutcome>;
  /** Fetches those of our events that the relay has. */
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
      onNotice() {},
      onInfo() {},
      onSubscribed() {},
      onState() {},
    },
  );

  return {
    connect(urls) {
      network.use(urls);
      return whenSettled(clock, async () => network.relays().map(presentRelayDetails));
    },
    publish: network.publish,
    find: (url, ids) => network.query(url, [{ kinds: messageKinds, '#p': [identity.pubkey], ids }]),
    close: network.stop,
  };
}

/** Returns the relays once none of them is still connecting, authenticating or fetching its NIP-11 document. */
export async function whenSettled(
  clock: Clock,
  list: () => Promise<readonly RelayDetails[]>,
): Promise<readonly RelayDetails[]> {
  let since: number | null = null;
  const settled = await pollUntil(clock, SETTLE, async () => {
    const relays = await list();
    if (relays.every(isComplete)) return relays;
    since = relays.every(isDecided) ? (since ?? clock.monotonic()) : null;
    return since !== null && clock.monotonic() - since >= FINAL_MS ? relays : null;
  });
  return settled ?? list();
}

const isComplete = (relay: RelayDetails): boolean => relay.carries_dms && relay.supported_nips.length > 0;
const isDecided = (relay: RelayDetails): boolean => relay.carries_dms || relay.last_error !== null;

import { type Clock, type Log, pollUntil, type Random } from '@ocmesh/shared/ambient';
import type { RelayDetails } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { nostrLimits } from '../../adapters/nostr/limits.ts';
import { createRelayNetwork } from '../../adapters/nostr/network.ts';
import type { Outbound } from '../../adapters/nostr/proxy/dialer.ts';
import { noBacklog } from '../../core/catch-up/catch-up.ts';
import { liveFilters } from '../../core/catch-up/fetch-messages.ts';
import { presentRelayDetails } from '../../core/handlers/present.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { type Answer, untested } from '../../core/model/relay.ts';
import type { PublishOutcome } from '../../core/ports/relay-network.ts';
import { createLateReturns } from '../../core/relays/late-returns.ts';
import { findPresence, type TestPace, type TestResult, testRelay } from '../../core/relays/test-relay.ts';

/** Handshake and first response of the slowest relay that the daemon would use. */
const SETTLE_MS = nostrLimits.connection.handshakeMs + nostrLimits.reply.reqMs;
const POLL_MS = 50;
/** Time after which a state is final: AUTH may turn a refusal around, and NIP-11 is fetched over a separate connection. */
const FINAL_MS = 1_000;
/** A person waits for the result. */
const IMPATIENT: TestPace = { settleMs: 0, everyMs: 100, forMs: 5_000 };

/** Short connections to relays like the daemon's, but without its store: nothing that arrives is kept. */
export interface RelayProbe {
  /** Connects and subscribes to our messages. Resolves when the state of each relay is clear. */
  connect(urls: readonly string[]): Promise<readonly RelayDetails[]>;
  /** Publishes an event to ourselves, and finds out whether the relay keeps and forwards it. */
  test(url: string, event: NostrEvent): Promise<TestResult>;
  publish(url: string, event: NostrEvent): Promise<PublishOutcome>;
  /** Whether the relay returns the presence of the probe's identity. */
  findPresence(url: string): Promise<Answer>;
  close(): Promise<void>;
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export function createRelayProbe(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly identity: Identity;
  readonly outbound: Outbound;
}): RelayProbe {
  const { clock, identity } = deps;
  const arrived = new Set<string>();
  const hasArrived = (eventId: string, url: string): boolean => arrived.has(`${eventId} ${url}`);
  const late = createLateReturns(clock, () => true);
  const network = createRelayNetwork({ ...deps, log: silent, sign: identity.sign });
  network.start([], [{ name: 'dm', filters: () => liveFilters(identity.pubkey) }], {
    onEvent(event, url) {
      arrived.add(`${(event as NostrEvent).id} ${url}`);
    },
    onLate: late.add,
    onAuthenticated() {},
    onGarbage() {},
    onConnected() {},
    onDisconnected() {},
    onNotice() {},
    onInfo() {},
    onSubscribed() {},
    onState() {},
  });

  return {
    connect(urls) {
      network.use(urls);
      const list = async () =>
        network.relays().map((relay) => presentRelayDetails(relay, untested, 'any', noBacklog));
      return whenSettled(clock, list, deps.outbound);
    },
    publish: network.publish,
    test: (url, event) => testRelay({ network, clock, hasArrived, late }, url, event, IMPATIENT),
    findPresence: (url) => findPresence({ network, clock, late }, url, identity.pubkey),
    close: network.stop,
  };
}

/** Returns the relays once none of them is still connecting, authenticating or fetching its NIP-11 document. */
export async function whenSettled(
  clock: Clock,
  list: () => Promise<readonly RelayDetails[]>,
  { proxy }: Pick<Outbound, 'proxy'>,
): Promise<readonly RelayDetails[]> {
  const forMs = SETTLE_MS + (proxy ? nostrLimits.proxy.tunnelMs : 0);
  let since: number | null = null;
  const settled = await pollUntil(clock, { everyMs: POLL_MS, forMs }, async () => {
    const relays = await list();
    if (relays.every(isComplete)) return relays;
    since = relays.every(isDecided) ? (since ?? clock.monotonic()) : null;
    return since !== null && clock.monotonic() - since >= FINAL_MS ? relays : null;
  });
  return settled ?? list();
}

const isComplete = (relay: RelayDetails): boolean => relay.carries_dms && relay.supported_nips.length > 0;
const isDecided = (relay: RelayDetails): boolean => relay.carries_dms || relay.last_error !== null;

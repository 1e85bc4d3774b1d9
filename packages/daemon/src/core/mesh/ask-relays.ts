import {
  type Clock,
  createTokenBucket,
  type Rate,
  settlesWithin,
  type TokenBucket,
  toUnixSec,
  type UnixMs,
} from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import { type Filter, labelFilter, presenceFilter } from '@ocmesh/shared/wire';
import type { Pipeline } from '../ingest/pipeline.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { meshLimits } from './limits.ts';
import { rendezvous } from './rendezvous.ts';

const { search, lookUp } = meshLimits;

/** Asks our relays for presences. Each call resolves when they are stored, or after a moment. */
export interface AskRelays {
  /** Those of agents with one of these labels, online now. */
  labels(labels: readonly string[]): Promise<void>;
  /** The newest one of this key, however old. */
  author(pubkey: Pubkey): Promise<void>;
  /** Those of keys that start with these digits. */
  handle(digits: string): Promise<void>;
}

export function createAskRelays(
  deps: {
    readonly network: RelayNetwork;
    readonly clock: Clock;
    readonly correctedNow: () => UnixMs;
    /** Checks and stores what the relays sent, as with any other event. */
    readonly ingest: Pipeline['ingestBackfill'];
    readonly onReceived: (bytes: number, events: number) => void;
  },
  { lookBackMs }: { readonly lookBackMs: () => number },
): AskRelays {
  const { network, clock, ingest } = deps;
  const bucketOf = ({ burst, perMinute }: { burst: number; perMinute: number }): TokenBucket =>
    createTokenBucket(clock, { burst, perSecond: perMinute / 60 } satisfies Rate);
  const searches = bucketOf(search);
  const lookUps = bucketOf(lookUp);

  async function askOne(url: string, filter: Filter, rows: number): Promise<void> {
    const result = await network.query(url, [filter]);
    deps.onReceived(result.bytes, result.rows);
    // A relay may ignore the limit.
    await ingest(result.events.slice(0, rows), url);
  }

  async function ask(urls: readonly string[], filter: Filter, waitMs: number): Promise<void> {
    const asked = urls.slice(0, search.relays).map((url) => askOne(url, filter, filter.limit ?? 1));
    // What comes later is stored as well, for the next question.
    await settlesWithin(clock, waitMs, Promise.all(asked));
  }

  const openRelays = (): string[] =>
    network.relays().flatMap(({ url, open, role }) => (open && role === 'own' ? [url] : []));
  const sinceSec = (): number => toUnixSec(deps.correctedNow() - lookBackMs());

  return {
    async labels(labels) {
      const urls = openRelays();
      if (labels.length === 0 || urls.length === 0 || !searches.take()) return;
      await ask(urls, labelFilter(labels, sinceSec(), search.rowsPerRelay), search.waitMs);
    },
    async author(pubkey) {
      const urls = rendezvous(pubkey, openRelays());
      if (urls.length === 0 || !lookUps.take()) return;
      await ask(urls, presenceFilter({ authors: [pubkey], limit: 1 }), lookUp.waitMs);
    },
    async handle(digits) {
      const urls = openRelays();
      if (urls.length === 0 || !lookUps.take()) return;
      await ask(urls, labelFilter([digits], sinceSec(), lookUp.rowsPerRelay), lookUp.waitMs);
    },
  };
}

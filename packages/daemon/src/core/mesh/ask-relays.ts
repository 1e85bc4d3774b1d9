import { type Clock, createTokenBucket, settlesWithin, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import { labelFilter } from '@ocmesh/shared/wire';
import type { Pipeline } from '../ingest/pipeline.ts';
import type { RelayNetwork } from '../ports/relay-network.ts';
import { meshLimits } from './limits.ts';

/** Asks our relays for the presences of agents with one of these labels. Resolves when they are stored, or after a moment. */
export type AskRelays = (labels: readonly string[]) => Promise<void>;

export function createAskRelays(
  deps: {
    readonly network: RelayNetwork;
    readonly clock: Clock;
    readonly correctedNow: () => UnixMs;
    /** Checks and stores what the relays sent, as with any other event. */
    readonly ingest: Pipeline['ingestBackfill'];
  },
  { onlineWindowMs }: { readonly onlineWindowMs: number },
): AskRelays {
  const { network, clock, ingest } = deps;
  const { burst, perMinute, relays, rowsPerRelay, waitMs } = meshLimits.search;
  const bucket = createTokenBucket(clock, { burst, perSecond: perMinute / 60 });

  return async (labels) => {
    const open = network.relays().filter((relay) => relay.open && relay.role === 'own');
    if (labels.length === 0 || open.length === 0 || !bucket.take()) return;
    const sinceSec = toUnixSec(deps.correctedNow() - onlineWindowMs);
    const filter = labelFilter(labels, sinceSec, rowsPerRelay);
    const asked = open.slice(0, relays).map(async ({ url }) => {
      const { events } = await network.query(url, [filter]);
      // A relay may ignore the limit.
      await ingest(events.slice(0, rowsPerRelay), url);
    });
    // What comes later is stored as well, for the next search.
    await settlesWithin(clock, waitMs, Promise.all(asked));
  };
}

import type { Pipeline } from '../ingest/pipeline.ts';
import { createAskRelays } from './ask-relays.ts';
import { createDiscovery, type DiscoverDeps } from './discover.ts';
import { createLookUpPeer } from './look-up-peer.ts';
import type { ScanOptions } from './scans.ts';

/** Finds other agents: by listening and sampling, and by asking for those that somebody names. All of it is one budget. */
export function createFindAgents(
  deps: Omit<DiscoverDeps, 'ingest'> & { readonly ingest: Pipeline['ingestBackfill'] },
  options: ScanOptions,
) {
  const { self, network, store, clock, correctedNow, ingest } = deps;
  const discovery = createDiscovery(deps, options);
  const { onReceived, lookBackMs } = discovery;
  const askRelays = createAskRelays({ network, clock, correctedNow, ingest, onReceived }, { lookBackMs });
  return { discovery, askRelays, lookUpPeer: createLookUpPeer({ store, clock, self, askRelays }) };
}

import { toIso } from '@ocmesh/shared/ambient';
import type { RelayDetails, RelayStatus } from '@ocmesh/shared/contract';
import type { RelaySnapshot } from '../ports/relay-network.ts';

/** A relay as the status and its events show it. */
export const presentRelay = (relay: RelaySnapshot): RelayStatus => ({
  url: relay.url,
  role: relay.role === 'own' ? 'own' : 'foreign',
  state: relay.state,
  rests_until: relay.backoffUntil === null ? null : toIso(relay.backoffUntil),
  connected_since: relay.connectedSince === null ? null : toIso(relay.connectedSince),
  carries_dms: relay.carriesDms,
  last_error: relay.lastError,
});

export const presentRelayDetails = (relay: RelaySnapshot): RelayDetails => ({
  ...presentRelay(relay),
  clock_offset_ms: relay.clockOffsetMs,
  round_trip_ms: relay.roundTripMs,
  supported_nips: [...(relay.info?.supportedNips ?? [])],
  limitation: { ...relay.info?.limitation },
});

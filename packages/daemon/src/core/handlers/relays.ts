import { type Handlers, limits, OcmeshError } from '@ocmesh/shared/contract';
import { parseRelayUrl } from '@ocmesh/shared/wire';
import type { RelaySnapshot } from '../ports/relay-network.ts';
import { presentRelayDetails } from '../status/present-relay.ts';
import type { HandlerDeps } from './deps.ts';

export function createRelayHandlers({
  network,
  relayList,
}: HandlerDeps): Pick<Handlers, 'listRelays' | 'addRelay' | 'removeRelay'> {
  return {
    listRelays: async () => network.relays().map(presentRelayDetails),

    async addRelay(input) {
      const url = readUrl(input.url);
      const urls = relayList.urls();
      if (!urls.includes(url) && urls.length >= limits.relay.own) {
        throw new OcmeshError('invalid_request', {
          message: `The list already has ${limits.relay.own} relays, the maximum.`,
          problem: 'relay_list_full',
        });
      }
      await relayList.add(url);
      return presentRelayDetails(network.relays().find((relay) => relay.url === url) ?? untouched(url));
    },

    async removeRelay(input) {
      const url = readUrl(input.url);
      if (!(await relayList.remove(url))) throw new OcmeshError('relay_unknown');
      return network
        .relays()
        .filter((relay) => relay.url !== url)
        .map(presentRelayDetails);
    },
  };
}

function readUrl(text: string): string {
  const parsed = parseRelayUrl(text);
  if ('url' in parsed) return parsed.url;
  throw new OcmeshError('invalid_request', {
    message:
      parsed.problem === 'credentials'
        ? 'A relay address may not hold a name or password.'
        : 'That is no relay address.',
    problem: 'not_a_relay_url',
    details: { field: 'url' },
  });
}

/** On the list, but not among those in use yet. */
const untouched = (url: string): RelaySnapshot => ({
  url,
  role: 'own',
  open: false,
  state: 'disconnected',
  connectedSince: null,
  carriesDms: false,
  lastError: null,
  roundTripMs: null,
  info: null,
  backoffUntil: null,
  clockOffsetMs: null,
});

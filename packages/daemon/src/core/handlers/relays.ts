import { type Handlers, limits, OcmeshError, type RelayDetails } from '@ocmesh/shared/contract';
import { parseRelayUrl } from '@ocmesh/shared/wire';
import type { RelaySnapshot } from '../ports/relay-network.ts';
import type { HandlerDeps } from './deps.ts';
import { presentRelayDetails } from './present.ts';

export function createRelayHandlers({
  network,
  relayList,
  relayDates,
  conductOf,
  backlogOf,
  testRelayNow,
}: Pick<
  HandlerDeps,
  'network' | 'relayList' | 'relayDates' | 'conductOf' | 'backlogOf' | 'testRelayNow'
>): Pick<Handlers, 'listRelays' | 'addRelay' | 'removeRelay' | 'testRelay'> {
  const present = (relay: RelaySnapshot): RelayDetails =>
    presentRelayDetails(relay, conductOf(relay.url), relayDates.acceptedBy(relay.url), backlogOf(relay.url));

  return {
    listRelays: async () => network.relays().map(present),

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
      return present(network.relays().find((relay) => relay.url === url) ?? notYetUsed(url));
    },

    async removeRelay(input) {
      const url = readUrl(input.url);
      if (!(await relayList.remove(url))) throw new OcmeshError('relay_unknown');
      return network
        .relays()
        .filter((relay) => relay.url !== url)
        .map(present);
    },

    async testRelay(input) {
      const url = readUrl(input.url);
      const relay = network.relays().find((each) => each.url === url && each.role === 'own');
      if (!relay) throw new OcmeshError('relay_unknown');
      testRelayNow(url);
      return present(relay);
    },
  };
}

function readUrl(text: string): string {
  const parsed = parseRelayUrl(text);
  if ('url' in parsed) return parsed.url;
  throw new OcmeshError('invalid_request', {
    message:
      parsed.problem === 'credentials'
        ? 'A relay address must not contain a user name or password.'
        : 'This is not a relay address.',
    problem: 'not_a_relay_url',
    details: { field: 'url' },
  });
}

/** A relay that is on the list but not in use yet. */
const notYetUsed = (url: string): RelaySnapshot => ({
  url,
  role: 'own',
  open: false,
  state: 'disconnected',
  connectedSince: null,
  carriesDms: false,
  sharesSubscription: false,
  lastError: null,
  roundTripMs: null,
  info: null,
  backoffUntil: null,
  isProxyDown: false,
  clockOffsetMs: null,
});

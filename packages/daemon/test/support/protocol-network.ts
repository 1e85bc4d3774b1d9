import type { Clock, Log } from '@ocmesh/shared/ambient';
import type { EventDraft, NostrEvent } from '@ocmesh/shared/wire';
import { createConversation } from '../../src/adapters/nostr/protocol.ts';
import type {
  NetworkListener,
  RelayNetwork,
  RelaySnapshot,
  Subscription,
} from '../../src/core/ports/relay-network.ts';

const url = 'wss://one.test';

type Heard = (text: string) => void;

/** One relay that is played by hand, frame by frame: what the daemon says of frames, without sockets and their measures. */
export function createConversationNetwork(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly sign: (draft: EventDraft) => NostrEvent;
}) {
  const sent: string[] = [];
  let hear: Heard = () => {};
  let publish: RelayNetwork['publish'] = async () => ({ outcome: 'offline', reason: null, prefix: null });
  let query: RelayNetwork['query'] = async () => ({ complete: false, events: [], tooLarge: false });
  let reset = (): void => {};
  const snapshot = (): RelaySnapshot => ({
    url,
    role: 'own',
    open: true,
    state: 'connected',
    connectedSince: 0,
    carriesDms: true,
    lastError: null,
    roundTripMs: null,
    info: null,
    backoffUntil: null,
    clockOffsetMs: null,
  });

  const network: RelayNetwork = {
    start(_, permanent: readonly Subscription[], listener: NetworkListener) {
      const conversation = createConversation({
        url,
        ...deps,
        permanent,
        info: () => null,
        send: (frame) => sent.push(frame) > 0,
        giveUp: () => reset(),
        onEvent: (event) => listener.onEvent(event, url),
        onSubscribed: (name) => listener.onSubscribed(url, name),
        onRefused: () => {},
        onOffence: (offence) => listener.onGarbage(url, offence),
      });
      hear = (text) => conversation.onText(text, text.length);
      publish = (_url, event) => conversation.publish(event);
      query = (_url, filters) => conversation.query(filters);
      reset = () => {
        conversation.reset();
        conversation.open();
      };
      listener.onConnected(url);
      conversation.open();
    },
    stop: async () => {},
    relays: () => [snapshot()],
    use() {},
    reach() {},
    publish: (to, event) => publish(to, event),
    query: (to, filters) => query(to, filters),
    report() {},
    wake() {},
  };
  return {
    network,
    /** Frames of ours since the last look. */
    takeSent: () => sent.splice(0),
    hear: (text: string) => hear(text),
    /** The connection broke and stands again. */
    reconnect: () => reset(),
  };
}

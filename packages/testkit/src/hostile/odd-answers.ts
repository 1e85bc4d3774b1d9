import type { Filter } from '@ocmesh/shared/wire';
import type { Behaviour, Client, Frame, RelayContext } from './behaviour.ts';
import { MAX_LIMIT } from './stored-events.ts';

/** Reads `limit: 0` as no limit, as relayer and nosflare do. */
export const limitZeroUnlimited: Behaviour = (relay) => ({
  find(filters) {
    if (filters.some(({ limit }) => limit === 0)) relay.countMisdeed();
    return relay.events.find(filters, {
      limitOf: ({ limit }) => Math.min(limit || MAX_LIMIT, MAX_LIMIT),
    });
  },
});

/** Closes every REQ with `limit: 0`. */
export const refusesLimitZero: Behaviour = (relay) => ({
  onFrame([type, id, ...filters], client) {
    if (type !== 'REQ' || !filters.some((filter) => (filter as Filter).limit === 0)) return false;
    relay.countMisdeed();
    client.send(['CLOSED', id, 'invalid: limit must be positive']);
    return true;
  },
});

const pageOf = ({ limit }: Filter, { tuning: { pageCap } }: RelayContext): number =>
  Math.min(limit ?? pageCap, pageCap);

/** Sends the oldest stored events in place of the newest. */
export const oldestFirst: Behaviour = (relay) => ({
  find(filters) {
    relay.countMisdeed();
    return relay.events.find(filters, { oldestFirst: true, limitOf: (filter) => pageOf(filter, relay) });
  },
});

/** Ignores `until`: each page is the first one. */
export const ignoresUntil: Behaviour = (relay) => ({
  find(filters) {
    if (filters.some(({ until }) => until !== undefined)) relay.countMisdeed();
    const open = filters.map(({ until, ...filter }) => filter);
    return relay.events.find(open, { limitOf: (filter) => pageOf(filter, relay) });
  },
});

/** Sends fewer stored events than a filter's limit and than there are. */
export const smallPages: Behaviour = (relay) => ({
  find(filters) {
    if (filters.some(({ limit }) => limit === undefined || limit > relay.tuning.pageCap))
      relay.countMisdeed();
    return relay.events.find(filters, { limitOf: (filter) => pageOf(filter, relay) });
  },
});

/** Sends EOSE first and the stored events after it. */
export const eoseFirst: Behaviour = (relay) => ({
  onFrame([type, id, ...filters], client) {
    if (type !== 'REQ') return false;
    relay.countMisdeed();
    client.send(['EOSE', id]);
    for (const event of relay.events.find(filters as Filter[])) client.send(['EVENT', id, event]);
    client.subscriptions.set(String(id), filters as Filter[]);
    return true;
  },
});

/** REQs of a client that are not answered yet, by id. */
function pendingOf(client: Client): Map<unknown, Frame> {
  const pending = (client.state.get('pending') as Map<unknown, Frame> | undefined) ?? new Map();
  client.state.set('pending', pending);
  return pending;
}

/** Answers a REQ after a while, unless it was closed or replaced. */
function answerLater(relay: RelayContext, frame: Frame, client: Client): void {
  const pending = pendingOf(client);
  const id = frame[1];
  pending.set(id, frame);
  client.subscriptions.delete(String(id));
  relay.clock.after(relay.tuning.answersAfterMs, () => {
    if (pending.get(id) !== frame) return;
    pending.delete(id);
    relay.countMisdeed();
    relay.answer(frame, client);
  });
}

/** Takes seconds to answer a REQ, and starts over when it is sent again. */
export const slowToAnswer: Behaviour = (relay) => ({
  onFrame(frame, client) {
    if (frame[0] === 'CLOSE') pendingOf(client).delete(frame[1]);
    if (frame[0] !== 'REQ') return false;
    answerLater(relay, frame, client);
    return true;
  },
});

/** Takes seconds to answer a REQ, and closes the subscription when a REQ repeats its id. */
export const closesDuplicates: Behaviour = (relay) => ({
  onFrame(frame, client) {
    const [type, id] = frame;
    if (type === 'CLOSE') pendingOf(client).delete(id);
    if (type !== 'REQ') return false;
    const isPending = pendingOf(client).delete(id);
    const isOpen = client.subscriptions.delete(String(id));
    if (isPending || isOpen) {
      relay.countMisdeed();
      client.send(['CLOSED', id, 'duplicate: subscription id is in use']);
    } else answerLater(relay, frame, client);
    return true;
  },
});

/** Allows very few subscriptions, as its NIP-11 document says. */
export const fewSubscriptions: Behaviour = (relay) => ({
  onRequest(_, response) {
    const limitation = { max_subscriptions: relay.tuning.maxSubscriptions };
    response.end(JSON.stringify({ name: 'few', supported_nips: [1, 11], limitation }));
  },
  onFrame([type, id], { subscriptions, send }) {
    const fits = subscriptions.has(String(id)) || subscriptions.size < relay.tuning.maxSubscriptions;
    if (type !== 'REQ' || fits) return false;
    relay.countMisdeed();
    send(['CLOSED', id, 'error: too many subscriptions']);
    return true;
  },
});

/** Serves its NIP-11 document from a cache: `Date` is an hour old, as `Age` says (RFC 9111 §5.1). */
export const cachedInfo: Behaviour = (relay) => ({
  onRequest(_, response) {
    const { ageSec } = relay.tuning;
    relay.countMisdeed();
    response.setHeader('date', new Date(relay.clock.now() - ageSec * 1000).toUTCString());
    response.setHeader('age', String(ageSec));
    response.end(JSON.stringify({ name: 'cached', supported_nips: [1, 11] }));
  },
});

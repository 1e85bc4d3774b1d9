import { kinds, type NostrEvent, tagValue } from '@ocmesh/shared/wire';
import type { Behaviour } from './behaviour.ts';

/** Sends OK for every event, but neither stores nor forwards gift wraps. */
export const dropsGiftWraps: Behaviour = (relay) => ({
  keeps({ kind }) {
    if (kind === kinds.giftWrap) relay.countMisdeed();
    return kind !== kinds.giftWrap;
  },
  forwards: ({ kind }) => kind !== kinds.giftWrap,
});

/** Stores events and sends none to live subscriptions. */
export const neverForwards: Behaviour = (relay) => ({
  forwards() {
    relay.countMisdeed();
    return false;
  },
});

/** Sends events to live subscriptions and stores none. */
export const forwardsOnly: Behaviour = (relay) => ({
  keeps() {
    relay.countMisdeed();
    return false;
  },
});

/** Removes each event a minute after it came. */
export const keepsAMinute: Behaviour = (relay) => ({
  keeps({ id }) {
    relay.clock.after(relay.tuning.keepsMs, () => {
      relay.countMisdeed();
      relay.events.remove(id);
    });
    return true;
  },
});

/** Sends OK for every event, and loses some of them: these are neither stored nor forwarded. */
export const losesAtRandom: Behaviour = (relay) => {
  const lost = new Set<string>();
  return {
    keeps({ id }) {
      // Drawn at each attempt: the same event may get through when it is offered again.
      if (relay.random.unit() >= relay.tuning.lostShare) {
        lost.delete(id);
        return true;
      }
      relay.countMisdeed();
      lost.add(id);
      return false;
    },
    forwards: ({ id }) => !lost.has(id),
  };
};

/** Is honest to everybody except some keys: drops what they write and what is addressed to them. */
export const liesToSome: Behaviour = (relay) => {
  const isVictim = (event: NostrEvent): boolean =>
    [event.pubkey, tagValue(event, 'p')].some((key) => relay.tuning.liesTo.includes(key ?? ''));
  return {
    keeps(event) {
      if (isVictim(event)) relay.countMisdeed();
      return !isVictim(event);
    },
    forwards: (event) => !isVictim(event),
  };
};

/** Forgets live subscriptions after a while without a word. Queries and pings are answered. */
export const forgetsSubscriptions: Behaviour = (relay) => ({
  onFrame([type, id], client) {
    if (type !== 'REQ') return false;
    // Only the last REQ with an id counts.
    const request = {};
    client.state.set(`REQ ${id}`, request);
    relay.clock.after(relay.tuning.subscriptionMs, () => {
      if (client.state.get(`REQ ${id}`) !== request) return;
      if (client.subscriptions.delete(String(id))) relay.countMisdeed();
    });
    return false;
  },
});

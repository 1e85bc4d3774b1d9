import { dayMs, toHex, toUnixSec } from '@ocmesh/shared/ambient';
import { type Filter, kinds, type NostrEvent, parseEvent } from '@ocmesh/shared/wire';
import { actor } from '../actors.ts';
import type { Behaviour, Frame } from './behaviour.ts';
import { STRANGER } from './strangers.ts';

/** Sends forged copies with the same id before each event: a client that remembers ids unchecked never accepts the real one. */
export const forgedIdFirst: Behaviour = (relay) => {
  const said = new Map<string, string>();

  function forgeries(event: NostrEvent): NostrEvent[] {
    const author = `${event.kind} ${event.pubkey}`;
    // The author's previous content can be decrypted: only the signature shows that it was not sent again.
    const content = said.get(author) ?? `forged ${event.content}`;
    said.set(author, event.content);
    const tags = [...event.tags.filter(([tag]) => tag !== 'name'), ['name', STRANGER]];
    return [
      { ...event, tags, content, sig: toHex(relay.random.bytes(64)) },
      // The genuine signature fits the id, but the id does not fit the content.
      { ...event, tags, content },
    ];
  }

  return {
    onSend(frame) {
      const [type, id] = frame;
      const event = type === 'EVENT' ? parseEvent(frame[2]) : null;
      if (!event) return [frame];
      relay.countMisdeed();
      return [...forgeries(event).map((forged): Frame => ['EVENT', id, forged]), frame];
    },
  };
};

/** Sends authentic events of a stranger, dated one and ten years ahead, before the real ones. */
export const futureDated: Behaviour = (relay) => {
  const made = new Map<string, NostrEvent[]>();

  function ahead(filters: readonly Filter[]): NostrEvent[] {
    // Without `since`, which changes with each REQ: each event is signed once.
    const key = JSON.stringify(filters.map(({ kinds, ...filter }) => [kinds, filter['#p']]));
    const nowSec = toUnixSec(relay.clock.now());
    const years = [1, 10].map((count) => nowSec + (count * 365 * dayMs) / 1000);
    const events =
      made.get(key) ??
      filters.flatMap((filter) => years.map((atSec) => relay.strangers.matching(filter, atSec)));
    made.set(key, events);
    return events;
  }

  const send = (id: unknown, filters: readonly Filter[]): Frame[] => {
    relay.countMisdeed();
    return ahead(filters).map((event): Frame => ['EVENT', id, event]);
  };

  return {
    onFrame([type, id, ...filters], client) {
      if (type === 'REQ') for (const frame of send(id, filters as Filter[])) client.send(frame);
      return false;
    },
    onSend(frame, client) {
      const [type, id] = frame;
      const filters = client.subscriptions.get(String(id));
      return type === 'EVENT' && filters ? [...send(id, filters), frame] : [frame];
    },
  };
};

/** Sends what nobody asked for: others' messages, other kinds, and matching events under unknown subscription ids. */
export const wrongFilter: Behaviour = (relay) => {
  const { strangers } = relay;
  const unasked = [
    strangers.dm(actor('somebody else').pubkey, 'not for you'),
    strangers.sign({ kind: kinds.note, content: 'good morning' }),
    strangers.sign({ kind: 0, content: '{"name":"x"}' }),
    strangers.sign({ kind: 7, content: '+' }),
    strangers.sign({ kind: kinds.giftWrap, content: 'sealed', tags: [['p', actor('somebody else').pubkey]] }),
  ];

  function around(frame: Frame): Frame[] {
    relay.countMisdeed();
    const [, id, event] = frame;
    return [
      ...unasked.map((one): Frame => ['EVENT', id, one]),
      ['EVENT', 'of-nobody', event ?? unasked[0]],
      ['EOSE', 'of-nobody'],
      ['CLOSED', 'of-nobody', 'error: never was'],
      frame,
    ];
  }

  return { onSend: (frame) => (['EVENT', 'EOSE'].includes(frame[0]) ? around(frame) : [frame]) };
};

/** Returns a full page for every query, each with other events. */
export const endlessPages: Behaviour = (relay) => {
  function page(filter: Filter): NostrEvent[] {
    const { until = toUnixSec(relay.clock.now()), since = 0, limit = relay.tuning.pageEvents } = filter;
    const count = Math.min(limit, relay.tuning.pageEvents);
    return Array.from({ length: count }, (_, index) =>
      relay.strangers.invalid(filter, Math.max(since, until - index)),
    );
  }

  return {
    onFrame([type, id, ...filters], client) {
      if (type !== 'REQ') return false;
      for (const event of (filters as Filter[]).flatMap(page)) {
        relay.countMisdeed();
        client.send(['EVENT', id, event]);
      }
      return false;
    },
  };
};

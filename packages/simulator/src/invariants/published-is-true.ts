import { behaviourOf } from '../relays/behaviour.ts';
import { count, type World } from '../world.ts';
import type { Invariant } from './invariant.ts';

/** A test just before the publication may not have been known yet. */
const TESTED_MS = 30_000;

export const publishedIsTrue: Invariant = {
  name: 'published means that a relay said so which is not known to drop',
  begin(world, violate) {
    const urlsOf = new Map<string, Set<string>>();
    const textOf = new Map<string, string>();
    world.wire.onWritten(({ machine, event, payload }) => {
      if (payload?.kind === 'chat') textOf.set(event.id, `${machine} ${payload.content}`);
    });
    world.wire.onAccepted((_machine, url, eventId) => {
      const text = textOf.get(eventId);
      if (text === undefined) return;
      const urls = urlsOf.get(text) ?? new Set();
      urlsOf.set(text, urls.add(url));
    });
    world.stateListeners.push((machine, { id, state }) => {
      if (state !== 'published') return;
      count(world, 'messages published');
      const running = machine.running();
      const message = running?.store.peek((tables) => tables.messages.get(id));
      if (!running || !message || machine.record.isRewound) return;
      const urls = urlsOf.get(`${machine.name} ${message.content}`);
      if (!urls) violate(`${machine.name} sees “${message.content}” as published, but no relay accepted it`);
      // A relay that never drops would have to be known as one that does.
      if ([...(urls ?? [])].some((url) => !mayDrop(world, url))) return;
      const sinceMs = machine.clock.now() - TESTED_MS;
      void running.agent.handlers.listRelays({}).then((relays) => {
        const isKnownToDrop = (url: string): boolean =>
          relays.some(
            (relay) =>
              relay.url.startsWith(url) &&
              relay.keeps.answer === 'no' &&
              relay.keeps.at !== null &&
              Date.parse(relay.keeps.at) < sinceMs,
          );
        if (urls && [...urls].every(isKnownToDrop))
          violate(
            `${machine.name} sees “${message.content}” as published, and only relays that drop accepted it`,
          );
      });
    });
  },
};

const mayDrop = (world: World, url: string): boolean => {
  const relay = [...world.relays.values()].find((one) => one.url === url);
  return relay === undefined || behaviourOf(relay.behaviours, 'drops') !== undefined;
};

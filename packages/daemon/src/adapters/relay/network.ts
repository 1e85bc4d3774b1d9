import type { Clock, Log, Random } from '@ocmesh/shared/ambient';
import type { EventDraft, NostrEvent } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../../core/ports/relay-network.ts';
import { createSession, type Session } from './session.ts';

/** The configured relays, each with a session of its own. */
export function createRelayNetwork(
  urls: readonly string[],
  deps: {
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
    readonly sign: (draft: EventDraft) => NostrEvent;
  },
): RelayNetwork {
  const sessions = new Map<string, Session>();
  const isAlone = (): boolean => ![...sessions.values()].some((one) => one.snapshot().state === 'connected');

  return {
    start(standing, listener) {
      for (const url of urls) sessions.set(url, createSession(url, { ...deps, isAlone, listener, standing }));
      for (const session of sessions.values()) session.start();
    },
    async stop() {
      await Promise.all([...sessions.values()].map((session) => session.stop()));
    },
    relays: () => [...sessions.values()].map((session) => session.snapshot()),
    publish: async (url, event) =>
      (await sessions.get(url)?.publish(event)) ?? { outcome: 'offline', reason: null, prefix: null },
    query: async (url, filters) =>
      (await sessions.get(url)?.query(filters)) ?? { complete: false, events: [] },
  };
}

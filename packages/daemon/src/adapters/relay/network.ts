import type { Clock, Log, Random } from '@ocmesh/shared/ambient';
import type { EventDraft, NostrEvent } from '@ocmesh/shared/wire';
import type { RelayNetwork } from '../../core/ports/relay-network.ts';
import { createSession, type Session } from './session.ts';

/** The relays, each with a session of its own. */
export function createRelayNetwork(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly sign: (draft: EventDraft) => NostrEvent;
}): RelayNetwork {
  const sessions = new Map<string, Session>();
  const isAlone = (): boolean => ![...sessions.values()].some((one) => one.snapshot().open);

  return {
    start(urls, standing, listener) {
      for (const url of urls) sessions.set(url, createSession(url, { ...deps, isAlone, listener, standing }));
      for (const session of sessions.values()) session.start();
    },
    async stop() {
      await Promise.all([...sessions.values()].map((session) => session.stop()));
    },
    use() {},
    reach() {},
    report() {},
    wake() {},
    relays: () => [...sessions.values()].map((session) => session.snapshot()),
    publish: async (url, event) =>
      (await sessions.get(url)?.publish(event)) ?? { outcome: 'offline', reason: null, prefix: null },
    query: async (url, filters) =>
      (await sessions.get(url)?.query(filters)) ?? { complete: false, events: [], tooLarge: false },
  };
}

import type { Clock, Log, Random } from '@ocmesh/shared/ambient';
import type { EventDraft, NostrEvent } from '@ocmesh/shared/wire';
import type { NetworkListener, RelayNetwork, Subscription } from '../../core/ports/relay-network.ts';
import { createAddressPolicy } from './address-policy.ts';
import { createForeignRelays } from './peer-relays.ts';
import { createSession, type Session } from './session.ts';

export interface NetworkDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly sign: (draft: EventDraft) => NostrEvent;
  /** Which addresses a peer's relay may have, in place of the public ones: for tests on loopback, `ws:` among them. */
  readonly isReachable?: (address: string) => boolean;
}

/** The relays, each with a session of its own. */
export function createRelayNetwork(deps: NetworkDeps): RelayNetwork {
  const { clock, random, log, sign } = deps;
  const ambient = { clock, random, log, sign };
  const policy = createAddressPolicy(deps.isReachable);
  let own = new Map<string, Session>();
  let permanent: readonly Subscription[] = [];
  let listener: NetworkListener | null = null;
  /** Of sessions that were let go of: their sockets close in their own time. */
  const ending = new Set<Promise<void>>();

  const foreign = createForeignRelays({
    clock,
    policy,
    letGo,
    openSession: (url) =>
      createSession(url, {
        ...ambient,
        role: 'foreign',
        lookup: policy.lookup,
        // It matters to nobody's solitude but its own.
        othersOpen: () => true,
        listener: listener as NetworkListener,
        permanent: [],
      }),
  });

  const isOpen = (session: Session): boolean => session.snapshot().open;

  function openOwn(url: string, itsListener: NetworkListener): Session {
    return createSession(url, {
      ...ambient,
      role: 'own',
      lookup: undefined,
      othersOpen: () => [...own].some(([other, session]) => other !== url && isOpen(session)),
      listener: itsListener,
      permanent,
    });
  }

  /** Every relay that waits for minutes is worth another try when it is the only one. */
  function pullInIfAlone(): void {
    if ([...own.values()].some(isOpen)) return;
    for (const session of own.values()) session.retrySoon();
  }

  /** It is no longer in any list; its socket closes in its own time. */
  function letGo(url: string, session: Session): void {
    const wasOpen = isOpen(session);
    const ended = session.stop().then(() => void ending.delete(ended));
    ending.add(ended);
    if (wasOpen) listener?.onDisconnected(url);
  }

  function use(urls: readonly string[]): void {
    const itsListener = listener;
    if (!itsListener) return;
    const before = own;
    own = new Map();
    const fresh: Session[] = [];
    for (const url of urls) {
      if (own.has(url)) continue;
      const session = before.get(url) ?? openOwn(url, itsListener);
      if (!before.has(url)) fresh.push(session);
      own.set(url, session);
    }
    for (const [url, session] of before) if (!own.has(url)) letGo(url, session);
    for (const url of own.keys()) foreign.drop(url);
    for (const session of fresh) session.start();
    pullInIfAlone();
  }

  return {
    start(urls, subscriptions, itsListener) {
      permanent = subscriptions;
      listener = {
        ...itsListener,
        onDisconnected(url) {
          pullInIfAlone();
          itsListener.onDisconnected(url);
        },
      };
      use(urls);
    },
    async stop() {
      listener = null;
      const all = [...own.values(), ...foreign.sessions()];
      own = new Map();
      foreign.clear();
      await Promise.all([...all.map((session) => session.stop()), ...ending]);
    },
    use,
    reach(url) {
      if (listener && !own.has(url)) foreign.reach(url);
    },
    relays: () => [...own.values(), ...foreign.sessions()].map((session) => session.snapshot()),
    publish: async (url, event) =>
      (await (own.get(url) ?? foreign.used(url))?.publish(event)) ?? {
        outcome: 'offline',
        reason: null,
        prefix: null,
      },
    query: async (url, filters) =>
      (await own.get(url)?.query(filters)) ?? { complete: false, events: [], tooLarge: false },
    report(url, offence) {
      (own.get(url) ?? foreign.get(url))?.report(offence);
    },
    wake() {
      for (const session of [...own.values(), ...foreign.sessions()]) session.wake();
    },
  };
}

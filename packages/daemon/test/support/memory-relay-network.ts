import type { Clock } from '@ocmesh/shared/ambient';
import {
  type Filter,
  isAddressable,
  kinds,
  matchesFilter,
  type NostrEvent,
  reasonPrefix,
  tagValue,
} from '@ocmesh/shared/wire';
import { noResult } from '../../src/adapters/nostr/queries.ts';
import type {
  CountResult,
  NetworkListener,
  Offence,
  PublishOutcome,
  RelayInfo,
  RelayNetwork,
  RelaySnapshot,
  Subscription,
} from '../../src/core/ports/relay-network.ts';

/** A relay's reaction to an event: its OK, and whether it really stores and forwards the event. */
export interface Reaction extends PublishOutcome {
  readonly keeps: boolean;
}

export const accept: Reaction = { outcome: 'accepted', reason: null, prefix: null, keeps: true };
/** Accepts the event and drops it. */
export const lie: Reaction = { ...accept, keeps: false };
export const timeout: Reaction = { outcome: 'timeout', reason: 'no response', prefix: null, keeps: false };
/** Stores the event, but the OK is lost. */
export const lostOk: Reaction = { ...timeout, keeps: true };
export const reject = (reason: string): Reaction => ({
  outcome: 'rejected',
  reason,
  prefix: reasonPrefix(reason),
  keeps: false,
});

interface Link {
  readonly client: Client;
  readonly since: number;
  /** Filters of its open subscriptions, by their names. */
  readonly live: Map<string, readonly Filter[]>;
  carriesDms: boolean;
}

interface Client {
  deliver(event: unknown): void;
  drop(): void;
}

/** A relay that several agents share. */
export interface MemoryRelay {
  readonly url: string;
  /** NIP-11 document; null for a relay without one. */
  info: RelayInfo | null;
  /** Most events that it sends for one filter. */
  maxRows: number;
  /** It ends queries with EOSE. */
  completes: boolean;
  /** Agents can connect. */
  reachable: boolean;
  /** Agents may read their messages. */
  carriesDms: boolean;
  /** Agents may see each other's presences. */
  showsPresences: boolean;
  /** It sends new events to open subscriptions. */
  forwards: boolean;
  /** Its clock minus ours; null if it sends no date. */
  clockOffsetMs: number | null;
  /** Most bytes that one query returns. */
  maxQueryBytes: number;
  /** @param mayIdentify whether it may learn whose event this is, by AUTH */
  onPublish: (event: NostrEvent, mayIdentify: boolean) => Reaction | Promise<Reaction>;
  /** Its answer to COUNT (NIP-45). */
  onCount: (filter: Filter) => CountResult | null;
  /** All events that were published to it, accepted or not; without test events. */
  readonly offered: NostrEvent[];
  /** Events by which agents test whether it keeps and forwards messages. */
  readonly tests: NostrEvent[];
  readonly stored: unknown[];
  readonly queries: Filter[];
  readonly clients: Set<Client>;
  /** Stores events without sending them to subscribers. */
  keep(...events: unknown[]): void;
  /** Stores an event as a published one, and sends it to those that subscribed to it. */
  send(event: NostrEvent): void;
  /** Sends events to all connected agents, whether they asked for them or not. */
  push(...events: unknown[]): void;
}

export interface MemoryMesh {
  readonly relays: readonly MemoryRelay[];
  relay(url: string): MemoryRelay;
}

const isForPresences = (filters: readonly Filter[]): boolean =>
  filters.some((filter) => filter.kinds?.includes(kinds.presence));

export function createMemoryMesh(...urls: string[]): MemoryMesh {
  const relays = (urls.length > 0 ? urls : ['wss://one.test']).map(createMemoryRelay);
  return {
    relays,
    relay(url) {
      const relay = relays.find((each) => each.url === url);
      if (!relay) throw new Error(`no relay ${url}`);
      return relay;
    },
  };
}

function createMemoryRelay(url: string): MemoryRelay {
  const relay: MemoryRelay = {
    url,
    info: { supportedNips: [1, 11, 40], limitation: {} },
    maxRows: 500,
    completes: true,
    reachable: true,
    carriesDms: true,
    showsPresences: true,
    forwards: true,
    clockOffsetMs: null,
    maxQueryBytes: Number.POSITIVE_INFINITY,
    onPublish: () => accept,
    onCount: () => null,
    offered: [],
    tests: [],
    stored: [],
    queries: [],
    clients: new Set(),
    keep(...events) {
      relay.stored.push(...events.map(copy));
    },
    send(event) {
      store(relay, event);
      if (relay.forwards)
        for (const client of [...relay.clients])
          if (subscribers.get(client)?.(event)) client.deliver(copy(event));
    },
    push(...events) {
      for (const event of events) for (const client of [...relay.clients]) client.deliver(copy(event));
    },
  };
  return relay;
}

/** Bytes of the frame that carries an event. */
const sizeOf = (event: unknown): number =>
  String(JSON.stringify(event)).length + '["EVENT","presence",]'.length;

const copy = (event: unknown): unknown => structuredClone(event);

/** Stores an event; of an addressable one only the newest version (NIP-01). */
function store(relay: MemoryRelay, event: NostrEvent): void {
  const replaced = relay.stored.findIndex((other) => {
    const { kind, pubkey, tags } = other as NostrEvent;
    return (
      isAddressable(event.kind) &&
      kind === event.kind &&
      pubkey === event.pubkey &&
      tagValue({ tags }, 'd') === tagValue(event, 'd')
    );
  });
  const former = relay.stored[replaced] as NostrEvent | undefined;
  if (former && former.created_at > event.created_at) return;
  if (former) relay.stored.splice(replaced, 1);
  relay.stored.push(event);
}

function find(relay: MemoryRelay, filters: readonly Filter[]): unknown[] {
  const found = new Set<unknown>();
  for (const filter of filters) {
    relay.stored
      .filter((event) => matchesFilter(filter, event))
      .sort((a, b) => (b as NostrEvent).created_at - (a as NostrEvent).created_at)
      .slice(0, Math.min(filter.limit ?? relay.maxRows, relay.maxRows))
      .forEach((event) => {
        found.add(event);
      });
  }
  return [...found].map(copy);
}

/** Messages have no expiration, test events do. */
const isTestEvent = ({ kind, tags }: NostrEvent): boolean =>
  (kind === 4 || kind === 1059) && tags.some(([name]) => name === 'expiration');

/** One agent's network, which the test controls. */
export interface MemoryNetwork extends RelayNetwork {
  connect(url?: string): void;
  disconnect(url?: string): void;
  /** Reports an invalid frame from every relay. */
  garbage(reason: 'garbage_frame' | 'frame_too_large'): void;
  /** This relay sends a NOTICE. */
  notice(url: string): void;
  /** The relay closes the message subscription and accepts it again on the same connection. */
  reopenDms(url: string): void;
  /** Offences that the core reported. */
  readonly reports: { url: string; offence: Offence }[];
  /** Returns how often `wake` was called. */
  wakes(): number;
  /** Overrides fields of the relay's snapshot from now on. */
  say(url: string, fields: Partial<RelaySnapshot>): void;
}

/** A `RelayNetwork` without sockets. With `up`, the default, it connects right after the start. */
export function createMemoryNetwork(
  mesh: MemoryMesh,
  clock: Clock,
  options: { readonly up?: boolean } = {},
): MemoryNetwork {
  let permanent: readonly Subscription[] = [];
  let own: readonly string[] = [];
  const peerRelays = new Set<string>();
  const reports: { url: string; offence: Offence }[] = [];
  let wakes = 0;
  let listener: NetworkListener | null = null;
  const overrides = new Map<string, Partial<RelaySnapshot>>();
  const connections = new Map<string, Link>();

  function connect(url: string): void {
    const relay = mesh.relays.find((each) => each.url === url);
    const isOurs = own.includes(url);
    if (!relay || connections.has(url) || !listener || !relay.reachable || !(isOurs || peerRelays.has(url)))
      return;
    const live = new Map<string, readonly Filter[]>();
    const client: Client = {
      deliver(event) {
        queueMicrotask(() => {
          if (connections.get(url)?.client === client) listener?.onEvent(event, url, sizeOf(event));
        });
      },
      drop: () => disconnect(url),
    };
    const wants = (event: NostrEvent): boolean =>
      [...live.values()].flat().some((filter) => matchesFilter(filter, event));
    subscribers.set(client, wants);
    connections.set(url, { client, since: clock.now(), carriesDms: false, live });
    relay.clients.add(client);
    listener.onState(url, snapshot(url).state);
    listener.onConnected(url);
    if (!isOurs) return;
    if (relay.info) listener.onInfo(url, relay.info);
    for (const subscription of permanent) live.set(subscription.name, subscribe(url, subscription));
  }

  /** @returns the filters of the subscription */
  function subscribe(url: string, { name, filters }: Subscription): readonly Filter[] {
    const asked = filters(url);
    if (name === 'presence' && !mesh.relay(url).showsPresences) return [];
    for (const event of find(mesh.relay(url), asked)) listener?.onEvent(event, url, sizeOf(event));
    const connection = connections.get(url);
    if (name === 'dm' && !mesh.relay(url).carriesDms) return [];
    if (connection && name === 'dm') connection.carriesDms = true;
    listener?.onSubscribed(url, name);
    return asked;
  }

  function disconnect(url: string): void {
    const connection = connections.get(url);
    if (!connection) return;
    connections.delete(url);
    mesh.relay(url).clients.delete(connection.client);
    listener?.onState(url, snapshot(url).state);
    listener?.onDisconnected(url);
  }

  function snapshot(url: string): RelaySnapshot {
    const connection = connections.get(url);
    return {
      url,
      role: own.includes(url) ? 'own' : 'peer',
      open: connection !== undefined,
      state: connection ? 'connected' : 'disconnected',
      connectedSince: connection?.since ?? null,
      carriesDms: connection?.carriesDms ?? false,
      sharesSubscription: false,
      lastError: null,
      roundTripMs: null,
      info: mesh.relays.find((relay) => relay.url === url)?.info ?? null,
      backoffUntil: null,
      isProxyDown: false,
      clockOffsetMs: connection ? mesh.relay(url).clockOffsetMs : null,
      ...overrides.get(url),
    };
  }

  const each = (url: string | undefined, run: (url: string) => void): void => {
    for (const relay of mesh.relays) if (url === undefined || relay.url === url) run(relay.url);
  };

  return {
    start(urls, subscriptions, networkListener) {
      own = urls;
      permanent = subscriptions;
      listener = networkListener;
      if (options.up ?? true) queueMicrotask(() => each(undefined, connect));
    },
    async stop() {
      const silent = listener;
      listener = null;
      each(undefined, disconnect);
      listener = silent && null;
    },
    relays: () => [...own, ...peerRelays].map(snapshot),
    async publish(url, event, { mayIdentify = false } = {}) {
      const connection = connections.get(url);
      if (!connection) return { outcome: 'not_connected', reason: null, prefix: null };
      const relay = mesh.relay(url);
      const known = relay.stored.some((other) => (other as NostrEvent).id === event.id);
      (isTestEvent(event) ? relay.tests : relay.offered).push(event);
      const { keeps, ...outcome } = await relay.onPublish(event, mayIdentify);
      if (keeps && !known) relay.send(event);
      return outcome;
    },
    async query(url, filters) {
      if (!connections.has(url) || !own.includes(url)) return noResult;
      const relay = mesh.relay(url);
      relay.queries.push(...filters);
      const events = find(relay, filters);
      await Promise.resolve();
      let bytes = 0;
      const returned = events.filter((event) => {
        bytes += JSON.stringify(event).length;
        return bytes <= relay.maxQueryBytes;
      });
      const tooLarge = returned.length < events.length;
      return {
        complete:
          !tooLarge &&
          (relay.showsPresences || !isForPresences(filters)) &&
          relay.completes &&
          connections.has(url),
        events: returned,
        tooLarge,
        rows: returned.length,
        bytes: returned.reduce<number>((sum, event) => sum + sizeOf(event), 0),
        ignoresUntil: false,
        hint: null,
      };
    },
    use(urls) {
      const gone = own.filter((url) => !urls.includes(url));
      own = urls;
      for (const url of gone) disconnect(url);
      for (const url of urls) if (peerRelays.delete(url)) disconnect(url);
      if (options.up ?? true) for (const url of urls) connect(url);
    },
    reach(url) {
      if (own.includes(url) || !mesh.relays.some((relay) => relay.url === url)) return;
      peerRelays.add(url);
      connect(url);
    },
    async count(url, filter) {
      if (!connections.has(url) || !own.includes(url)) return null;
      return mesh.relay(url).onCount(filter);
    },
    resubscribe(url, name) {
      const subscription = permanent.find((each) => each.name === name);
      const link = connections.get(url);
      if (!subscription || !link) return;
      const asked = subscription.filters(url);
      link.live.set(name, asked);
      for (const event of find(mesh.relay(url), asked)) listener?.onEvent(event, url, sizeOf(event));
    },
    report(url, offence) {
      reports.push({ url, offence });
    },
    wake() {
      wakes++;
    },
    reports,
    wakes: () => wakes,
    connect: (url) => each(url, connect),
    disconnect: (url) => each(url, disconnect),
    notice: (url) => listener?.onNotice(url),
    garbage: (reason) => each(undefined, (url) => listener?.onGarbage(url, reason)),
    reopenDms(url) {
      for (const subscription of permanent) if (subscription.name === 'dm') subscribe(url, subscription);
    },
    say(url, fields) {
      const { state } = snapshot(url);
      overrides.set(url, { ...overrides.get(url), ...fields });
      if (snapshot(url).state !== state) listener?.onState(url, snapshot(url).state);
    },
  };
}

const subscribers = new WeakMap<Client, (event: NostrEvent) => boolean>();

import type { Clock } from '@ocmesh/shared/ambient';
import {
  type Filter,
  isAddressable,
  matchesFilter,
  type NostrEvent,
  reasonPrefix,
  tagValue,
} from '@ocmesh/shared/wire';
import type {
  NetworkListener,
  Offence,
  PublishOutcome,
  RelayInfo,
  RelayNetwork,
  RelaySnapshot,
  Subscription,
} from '../../src/core/ports/relay-network.ts';

/** How a relay handles an event: its OK, and whether it really keeps and forwards the event. */
export interface Answer extends PublishOutcome {
  readonly keeps: boolean;
}

export const accept: Answer = { outcome: 'accepted', reason: null, prefix: null, keeps: true };
/** Accepts the event with an OK, but drops it. */
export const lie: Answer = { ...accept, keeps: false };
export const timeout: Answer = { outcome: 'timeout', reason: 'no answer', prefix: null, keeps: false };
/** Accepts the event, but its OK is lost. */
export const lostOk: Answer = { ...timeout, keeps: true };
export const reject = (reason: string): Answer => ({
  outcome: 'rejected',
  reason,
  prefix: reasonPrefix(reason),
  keeps: false,
});

interface Client {
  deliver(event: unknown): void;
  drop(): void;
}

/** A relay shared by several agents. */
export interface MemoryRelay {
  readonly url: string;
  /** Relay information (NIP-11); null for a relay without any. */
  info: RelayInfo | null;
  /** Most events sent for one filter. */
  maxRows: number;
  /** Whether it ends queries with EOSE. */
  completes: boolean;
  /** Whether agents can connect. */
  reachable: boolean;
  /** Whether it lets us read our messages. */
  carriesDms: boolean;
  /** How far its clock is ahead of ours; null if it sends no time. */
  clockOffsetMs: number | null;
  /** Most bytes returned for one query. */
  maxQueryBytes: number;
  answer: (event: NostrEvent) => Answer | Promise<Answer>;
  /** All events published to it, accepted or not. */
  readonly offered: NostrEvent[];
  readonly stored: unknown[];
  readonly queries: Filter[];
  readonly clients: Set<Client>;
  /** Stores the event without forwarding it. */
  keep(...events: unknown[]): void;
  /** Sends this to all connected agents, requested or not. */
  push(...events: unknown[]): void;
}

export interface MemoryMesh {
  readonly relays: readonly MemoryRelay[];
  relay(url: string): MemoryRelay;
}

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
    clockOffsetMs: null,
    maxQueryBytes: Number.POSITIVE_INFINITY,
    answer: () => accept,
    offered: [],
    stored: [],
    queries: [],
    clients: new Set(),
    keep(...events) {
      relay.stored.push(...events.map(copy));
    },
    push(...events) {
      for (const event of events) for (const client of [...relay.clients]) client.deliver(copy(event));
    },
  };
  return relay;
}

const copy = (event: unknown): unknown => structuredClone(event);

/** Keeps only the newest version of an addressable event (NIP-01). */
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

/** One agent's network, with controls for the test. */
export interface MemoryNetwork extends RelayNetwork {
  connect(url?: string): void;
  disconnect(url?: string): void;
  /** Delivers an invalid frame. */
  garbage(reason: 'garbage_frame' | 'frame_too_large'): void;
  /** The relay closes the message subscription, and accepts it again on the same connection. */
  resubscribe(url: string): void;
  /** Reports of misbehaviour, in order. */
  readonly reports: { url: string; offence: Offence }[];
  /** Number of calls of `wake`. */
  wakes(): number;
  /** Makes `relays()` show this about the relay from now on. */
  say(url: string, words: Partial<RelaySnapshot>): void;
}

/** A `RelayNetwork` without sockets. Every relay that is `up` connects right after the start. */
export function createMemoryNetwork(
  mesh: MemoryMesh,
  clock: Clock,
  options: { readonly up?: boolean } = {},
): MemoryNetwork {
  let permanent: readonly Subscription[] = [];
  let own: readonly string[] = [];
  const foreign = new Set<string>();
  const reports: { url: string; offence: Offence }[] = [];
  let wakes = 0;
  let listener: NetworkListener | null = null;
  const said = new Map<string, Partial<RelaySnapshot>>();
  const connections = new Map<string, { client: Client; since: number; carriesDms: boolean }>();

  function connect(url: string): void {
    const relay = mesh.relays.find((each) => each.url === url);
    const isOurs = own.includes(url);
    if (!relay || connections.has(url) || !listener || !relay.reachable || !(isOurs || foreign.has(url)))
      return;
    const live: Filter[] = [];
    const client: Client = {
      deliver(event) {
        queueMicrotask(() => {
          if (connections.get(url)?.client === client) listener?.onEvent(event, url);
        });
      },
      drop: () => disconnect(url),
    };
    const wants = (event: NostrEvent): boolean => live.some((filter) => matchesFilter(filter, event));
    subscribers.set(client, wants);
    connections.set(url, { client, since: clock.now(), carriesDms: false });
    relay.clients.add(client);
    listener.onState(url, snapshot(url).state);
    listener.onConnected(url);
    if (!isOurs) return;
    if (relay.info) listener.onInfo(url, relay.info);
    for (const subscription of permanent) live.push(...subscribe(url, subscription));
  }

  /** @returns the filters as they were requested */
  function subscribe(url: string, { name, filters }: Subscription): readonly Filter[] {
    const asked = filters();
    for (const event of find(mesh.relay(url), asked)) listener?.onEvent(event, url);
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
      role: own.includes(url) ? 'own' : 'foreign',
      open: connection !== undefined,
      state: connection ? 'connected' : 'disconnected',
      connectedSince: connection?.since ?? null,
      carriesDms: connection?.carriesDms ?? false,
      lastError: null,
      roundTripMs: null,
      info: mesh.relays.find((relay) => relay.url === url)?.info ?? null,
      backoffUntil: null,
      clockOffsetMs: connection ? mesh.relay(url).clockOffsetMs : null,
      ...said.get(url),
    };
  }

  const each = (url: string | undefined, run: (url: string) => void): void => {
    for (const relay of mesh.relays) if (url === undefined || relay.url === url) run(relay.url);
  };

  return {
    start(urls, subscriptions, itsListener) {
      own = urls;
      permanent = subscriptions;
      listener = itsListener;
      if (options.up ?? true) queueMicrotask(() => each(undefined, connect));
    },
    async stop() {
      const silent = listener;
      listener = null;
      each(undefined, disconnect);
      listener = silent && null;
    },
    relays: () => [...own, ...foreign].map(snapshot),
    async publish(url, event) {
      const connection = connections.get(url);
      if (!connection) return { outcome: 'offline', reason: null, prefix: null };
      const relay = mesh.relay(url);
      const known = relay.stored.some((other) => (other as NostrEvent).id === event.id);
      relay.offered.push(event);
      const { keeps, ...outcome } = await relay.answer(event);
      if (keeps && !known) {
        store(relay, event);
        for (const client of [...relay.clients])
          if (subscribers.get(client)?.(event)) client.deliver(copy(event));
      }
      return outcome;
    },
    async query(url, filters) {
      if (!connections.has(url) || !own.includes(url))
        return { complete: false, events: [], tooLarge: false };
      const relay = mesh.relay(url);
      relay.queries.push(...filters);
      const events = find(relay, filters);
      await Promise.resolve();
      let bytes = 0;
      const held = events.filter((event) => {
        bytes += JSON.stringify(event).length;
        return bytes <= relay.maxQueryBytes;
      });
      const tooLarge = held.length < events.length;
      return {
        complete: !tooLarge && relay.completes && connections.has(url),
        events: held,
        tooLarge,
      };
    },
    use(urls) {
      const gone = own.filter((url) => !urls.includes(url));
      own = urls;
      for (const url of gone) disconnect(url);
      for (const url of urls) if (foreign.delete(url)) disconnect(url);
      if (options.up ?? true) for (const url of urls) connect(url);
    },
    reach(url) {
      if (own.includes(url) || !mesh.relays.some((relay) => relay.url === url)) return;
      foreign.add(url);
      connect(url);
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
    garbage: (reason) => each(undefined, (url) => listener?.onGarbage(url, reason)),
    resubscribe(url) {
      for (const subscription of permanent) if (subscription.name === 'dm') subscribe(url, subscription);
    },
    say(url, words) {
      const { state } = snapshot(url);
      said.set(url, { ...said.get(url), ...words });
      if (snapshot(url).state !== state) listener?.onState(url, snapshot(url).state);
    },
  };
}

const subscribers = new WeakMap<Client, (event: NostrEvent) => boolean>();

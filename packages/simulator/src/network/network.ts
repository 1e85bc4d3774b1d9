import type { Chance } from '../chance.ts';
import type { CrashKind } from '../disk/simulated-disk.ts';
import type { VirtualClock } from '../time/virtual-clock.ts';
import { type Frame, SimulatedSocket } from './socket.ts';

/** A relay as the network sees it. */
export interface Server {
  readonly url: string;
  /** `down` refuses connections; `mute` accepts none and says nothing; a number is the HTTP status of a refusal. */
  standing(): 'up' | 'down' | 'mute' | number;
  /** The HTTP date of its responses; null if it sends none. */
  date(): string | null;
  accept(socket: SimulatedSocket, from: string): void;
}

/** Connects machines to relays. Frames of one connection arrive in order; a cut loses them. */
export interface Network {
  add(server: Server): void;
  /** @param process the process on this machine */
  connect(machine: string, process: string, url: string): SimulatedSocket;
  /** Cuts a machine off from a relay, or connects it again. */
  setCut(machine: string, url: string, isCut: boolean): void;
  isCut(machine: string, url: string): boolean;
  /**
   * Ends all connections of a process or a relay, or those of a machine: by a `reset` that both ends see, because its process was killed, or in a
   * power cut, of which the other end hears nothing.
   */
  drop(end: string, how: 'reset' | CrashKind): void;
  server(url: string): Server | undefined;
  frames(): number;
}

const LATENCY_MS = { from: 5, to: 80 };

interface Link {
  readonly machine: string;
  readonly process: string;
  readonly url: string;
  readonly client: SimulatedSocket;
  readonly server: SimulatedSocket;
  /** Frames were lost: nothing arrives any more. */
  isBroken: boolean;
}

/** @param onFrame called for each frame that a machine sends and for each that arrives there */
export function createNetwork(deps: {
  readonly virtual: VirtualClock;
  readonly chance: Chance;
  readonly onFrame: (machine: string, url: string, direction: '→' | '←', text: string) => void;
}): Network {
  const { virtual, chance } = deps;
  const servers = new Map<string, Server>();
  const links = new Set<Link>();
  const cuts = new Set<string>();
  const latencies = new Map<string, number>();
  let frames = 0;

  const cutKey = (machine: string, url: string): string => `${machine} ${url}`;

  function latencyMs(machine: string, url: string): number {
    const key = cutKey(machine, url);
    const latency = latencies.get(key) ?? chance.between(LATENCY_MS.from, LATENCY_MS.to);
    latencies.set(key, latency);
    return latency;
  }

  /** Carries the frames of one direction, in order. */
  function carry(link: Link, direction: '→' | '←', to: SimulatedSocket): (frame: Frame) => void {
    const { machine, url } = link;
    const key = cutKey(machine, url);
    const linkMs = latencyMs(machine, url);
    let lastMs = 0;
    return (frame) => {
      if (cuts.has(key)) link.isBroken = true;
      if (link.isBroken) return;
      frames++;
      if (direction === '→' && frame.type === 'message')
        deps.onFrame(machine, url, direction, frame.data.toString());
      lastMs = Math.max(lastMs, virtual.now() + linkMs + chance.unit());
      virtual.at(lastMs, () => {
        if (cuts.has(key)) link.isBroken = true;
        if (link.isBroken) return;
        if (direction === '←' && frame.type === 'message')
          deps.onFrame(machine, url, direction, frame.data.toString());
        to.receive(frame);
      });
    };
  }

  function open(machine: string, process: string, server: Server, client: SimulatedSocket): void {
    const end = new SimulatedSocket();
    const link: Link = { machine, process, url: server.url, client, server: end, isBroken: false };
    links.add(link);
    client.transmit = carry(link, '→', end);
    end.transmit = carry(link, '←', client);
    let gone = 0;
    const onGone = (): void => {
      if (++gone === 2) links.delete(link);
    };
    client.onGone = onGone;
    end.onGone = onGone;
    end.readyState = end.OPEN;
    client.open(server.date());
    server.accept(end, machine);
  }

  function tryConnect(machine: string, process: string, url: string, client: SimulatedSocket): void {
    if (client.readyState === 3) return;
    const server = servers.get(url);
    if (!server) return client.fail('ENOTFOUND');
    // Silence: the client's own time-out ends it.
    if (cuts.has(cutKey(machine, url))) return;
    const standing = server.standing();
    if (standing === 'mute') return;
    if (standing === 'down') client.fail('ECONNREFUSED');
    else if (typeof standing === 'number') client.refuse(standing);
    else open(machine, process, server, client);
  }

  return {
    add(server) {
      servers.set(server.url, server);
    },
    connect(machine, process, url) {
      const client = new SimulatedSocket();
      virtual.at(virtual.now() + 3 * latencyMs(machine, url), () =>
        tryConnect(machine, process, url, client),
      );
      return client;
    },
    setCut(machine, url, isCut) {
      if (isCut) cuts.add(cutKey(machine, url));
      else cuts.delete(cutKey(machine, url));
    },
    isCut: (machine, url) => cuts.has(cutKey(machine, url)),
    drop(end, how) {
      for (const link of [...links]) {
        if (![link.machine, link.process, link.url].includes(end)) continue;
        const near = link.url === end ? link.server : link.client;
        // A dead process hears nothing.
        if (how !== 'reset') near.removeAllListeners();
        if (how === 'power cut') link.isBroken = true;
        near.terminate();
      }
    },
    server: (url) => servers.get(url),
    frames: () => frames,
  };
}

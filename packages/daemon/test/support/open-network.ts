import { createFakeClock, createRecordingLog, createSeededRandom } from '@ocmesh/testkit';
import { expect, onTestFinished, vi } from 'vitest';
import { createRelayNetwork } from '../../src/adapters/nostr/network.ts';
import { direct, type Outbound } from '../../src/adapters/nostr/proxy/dialer.ts';
import type { RelayNetwork, RelaySnapshot, Subscription } from '../../src/core/ports/relay-network.ts';
import { createFakePeer } from './fake-peer.ts';
import { type Script, type ScriptedRelay, startScriptedRelay } from './scripted-relay.ts';

/** Far more than a socket takes on a busy machine. */
const HANG_TIMEOUT_MS = 120_000;

/** Waits in real time for data on a socket; the fake clock does not move. */
export const until = (check: () => void): Promise<void> =>
  vi.waitFor(check, { timeout: HANG_TIMEOUT_MS, interval: 2 });

/** Returns an event of the right shape without a valid signature: sessions do not check it. */
export const rawEvent = (kind: number, content: unknown, fields: Record<string, unknown> = {}) => ({
  id: 'ab'.repeat(32),
  pubkey: 'cd'.repeat(32),
  created_at: Date.UTC(2026, 0, 1) / 1000,
  kind,
  tags: [],
  content: String(content),
  sig: 'ef'.repeat(64),
  ...fields,
});
export const rawDm = (content: unknown, fields: Record<string, unknown> = {}) => rawEvent(4, content, fields);
export const rawPresence = (content: unknown) => rawEvent(31337, content);

interface NetworkOptions {
  /** Allows peers' relays on loopback. */
  readonly reachesLoopback?: boolean;
  /** How relays are reached; by default directly. */
  readonly outbound?: Outbound;
  /** Called during each report of the network. */
  readonly onHear?: (what: string, network: RelayNetwork) => void;
}

/** Opens the network on these relays and records what it reports. */
export function openNetwork(urls: readonly string[], options: NetworkOptions = {}) {
  const clock = createFakeClock();
  const log = createRecordingLog();
  const fakePeer = createFakePeer('alice', clock);
  const nobody = createFakePeer('nobody', clock);
  const heard: string[] = [];
  /** Reports with their relay. */
  const reports: (readonly [url: string, what: string])[] = [];
  const events: unknown[] = [];
  const permanent: Subscription[] = [
    { name: 'presence', filters: () => [{ kinds: [31337], since: Math.floor(clock.now() / 1000) }] },
    { name: 'dm', filters: () => [{ kinds: [4], limit: 0 }] },
  ];
  const network = createRelayNetwork({
    outbound: options.outbound ?? direct,
    clock,
    random: createSeededRandom(1),
    log,
    sign: (draft, signer) => (signer === 'nobody' ? nobody : fakePeer).sign(draft),
    ...(options.reachesLoopback ? { isReachable: (address: string) => address === '127.0.0.1' } : {}),
  });
  const hear = (url: string, what: string): void => {
    heard.push(what);
    reports.push([url, what]);
    options.onHear?.(what, network);
  };
  network.start(urls, permanent, {
    onEvent: (event) => events.push(event),
    onLate: (event, url) => {
      events.push(event);
      hear(url, 'late event');
    },
    onAuthenticated: (url) => hear(url, 'authenticated'),
    onGarbage: hear,
    onConnected: (url) => hear(url, 'connected'),
    onDisconnected: (url) => hear(url, 'disconnected'),
    onNotice: () => {},
    onInfo: (url) => hear(url, 'info'),
    onSubscribed: (url, name) => hear(url, `subscribed ${name}`),
    onState: (url, state) => hear(url, `is ${state}`),
  });
  onTestFinished(async () => {
    await network.stop();
    expect(clock.pending()).toBe(0);
  });
  const relay = (url: string = urls[0] as string): RelaySnapshot =>
    network.relays().find((each) => each.url === url) as RelaySnapshot;
  const count = (what: string): number => heard.filter((each) => each === what).length;
  const contents = (): unknown[] => events.map((event) => (event as { content: unknown }).content);
  const logged = (message: string): number => log.lines.filter((line) => line.message === message).length;
  /** Lets time pass in steps, with an event from this relay in each: the fake clock is faster than sockets. */
  async function pass(scripted: ScriptedRelay, ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 35_000) {
      await clock.advance(Math.min(35_000, left));
      const content = String(clock.monotonic());
      scripted.send(['EVENT', 'presence', rawPresence(content)]);
      await until(() => expect(contents()).toContain(content));
    }
  }

  return {
    pass,
    clock,
    log,
    logged,
    fakePeer,
    network,
    heard,
    reports,
    events,
    contents,
    relay,
    count,
    url: urls[0] as string,
  };
}

/** Opens a network on a scripted relay, and waits until it has connected and subscribed. */
export async function connected(
  script: Script = {},
  options: NetworkOptions & { others?: readonly string[] } = {},
) {
  const scripted = await startScriptedRelay(script);
  const open = openNetwork([scripted.url, ...(options.others ?? [])], options);
  await until(() =>
    expect(open.count('connected')).toBeGreaterThanOrEqual(1 + (options.others?.length ?? 0)),
  );
  await until(() => expect(scripted.ofType('REQ').length).toBeGreaterThanOrEqual(2));
  return { ...open, scripted };
}

import { createFakeClock, createRecordingLog, createSeededRandom } from '@ocmesh/testkit';
import { expect, onTestFinished, vi } from 'vitest';
import { createRelayNetwork } from '../../src/adapters/relay/network.ts';
import type { RelayNetwork, RelaySnapshot, Subscription } from '../../src/core/ports/relay-network.ts';
import { createPuppet } from './puppet.ts';
import { type Script, type ScriptedRelay, startScriptedRelay } from './scripted-relay.ts';

/** Far more than a socket takes on a busy machine. */
const FAR_END_MS = 120_000;

/** Waits for what goes over a real socket; time stands still meanwhile. */
export const until = (check: () => void): Promise<void> =>
  vi.waitFor(check, { timeout: FAR_END_MS, interval: 2 });

/** An event of the right shape, unsigned: sessions check no signatures. */
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
  /** Lets the network reach relays of peers on loopback. */
  readonly reachesLoopback?: boolean;
  /** Called in the middle of whatever is told. */
  readonly onHear?: (what: string, network: RelayNetwork) => void;
}

/** The network on these relays, with everything it said written down. */
export function openNetwork(urls: readonly string[], options: NetworkOptions = {}) {
  const clock = createFakeClock();
  const log = createRecordingLog();
  const puppet = createPuppet('alice', clock);
  const heard: string[] = [];
  /** What was heard, with the relay that it was about. */
  const told: (readonly [url: string, what: string])[] = [];
  const events: unknown[] = [];
  const permanent: Subscription[] = [
    { name: 'presence', filters: () => [{ kinds: [31337], since: Math.floor(clock.now() / 1000) }] },
    { name: 'dm', filters: () => [{ kinds: [4], limit: 0 }] },
  ];
  const network = createRelayNetwork({
    clock,
    random: createSeededRandom(1),
    log,
    sign: puppet.sign,
    ...(options.reachesLoopback ? { isReachable: (address: string) => address === '127.0.0.1' } : {}),
  });
  const hear = (url: string, what: string): void => {
    heard.push(what);
    told.push([url, what]);
    options.onHear?.(what, network);
  };
  network.start(urls, permanent, {
    onEvent: (event) => events.push(event),
    onGarbage: hear,
    onConnected: (url) => hear(url, 'connected'),
    onDisconnected: (url) => hear(url, 'disconnected'),
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
  /** Lets time pass in steps that leave time for signs of life from this relay: time runs ahead of the sockets. */
  async function pass(scripted: ScriptedRelay, ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 35_000) {
      await clock.advance(Math.min(35_000, left));
      const sign = String(clock.monotonic());
      scripted.send(['EVENT', 'presence', rawPresence(sign)]);
      await until(() => expect(contents()).toContain(sign));
    }
  }

  return {
    pass,
    clock,
    log,
    logged,
    puppet,
    network,
    heard,
    told,
    events,
    contents,
    relay,
    count,
    url: urls[0] as string,
  };
}

/** Connected and subscribed, unless the script has other plans. */
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

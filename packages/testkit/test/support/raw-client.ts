import type { EventDraft, NostrEvent } from '@ocmesh/shared/wire';
import { encrypt } from 'nostr-tools/nip04';
import { finalizeEvent } from 'nostr-tools/pure';
import { expect, onTestFinished, vi } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { actor } from '../../src/actors.ts';
import type { Frame } from '../../src/hostile/behaviour.ts';
import { type HostileRelayOptions, startHostileRelay } from '../../src/hostile/hostile-relay.ts';
import type { HostileRelayName } from '../../src/hostile/hostile-relays.ts';

export const alice = actor('alice');
export const bob = actor('bob');
export const dmFilter = { kinds: [4], '#p': [bob.pubkey] };

export function sign(draft: Partial<EventDraft>, by = alice): NostrEvent {
  const tags = (draft.tags ?? []).map((tag) => [...tag]);
  const event = { kind: 1, content: '', created_at: Math.floor(Date.now() / 1000), ...draft, tags };
  const { id, sig } = finalizeEvent({ ...event }, by.secretKey);
  return { ...event, id, sig, pubkey: by.pubkey };
}

export const dm = (text: string, draft: Partial<EventDraft> = {}): NostrEvent =>
  sign({
    kind: 4,
    tags: [['p', bob.pubkey]],
    content: encrypt(alice.secretKey, bob.pubkey, text),
    ...draft,
  });

/** Starts a hostile relay for the duration of the test. */
export async function start(name: HostileRelayName, options: HostileRelayOptions = {}) {
  const relay = await startHostileRelay(name, options);
  onTestFinished(() => relay.close());
  return relay;
}

/** Far more than a socket takes on a busy machine. */
const HANG_TIMEOUT_MS = 120_000;

/** Waits in real time for data on a socket. */
export const until = (check: () => void): Promise<void> =>
  vi.waitFor(check, { timeout: HANG_TIMEOUT_MS, interval: 2 });

/** Connects a client that records frames and does nothing by itself. */
export function rawClient(url: string, options: ClientOptions = {}) {
  const socket = new WebSocket(url, { perMessageDeflate: false, ...options });
  const frames: Frame[] = [];
  const problems: string[] = [];
  let pongs = 0;
  socket.on('error', (error) => problems.push(error.message));
  socket.on('message', (data) => frames.push(JSON.parse(String(data)) as Frame));
  socket.on('pong', () => pongs++);
  onTestFinished(() => socket.terminate());
  return {
    socket,
    frames,
    problems,
    pongs: () => pongs,
    ofType: (type: string) => frames.filter((frame) => frame[0] === type),
    events: (id: string) =>
      frames
        .filter((frame) => frame[0] === 'EVENT' && frame[1] === id)
        .map((frame) => frame[2] as NostrEvent),
    send: (...frame: Frame) => socket.send(JSON.stringify(frame)),
    isOpen: () => until(() => expect(socket.readyState).toBe(WebSocket.OPEN)),
    isClosed: () => until(() => expect(socket.readyState).toBe(WebSocket.CLOSED)),
    has: (...frame: unknown[]) => until(() => expect(frames).toContainEqual(frame)),
  };
}

export type RawClient = ReturnType<typeof rawClient>;

/** Connects a client and subscribes, by default to bob's messages. */
export async function subscribed(url: string, options: ClientOptions = {}, filter: object = dmFilter) {
  const client = rawClient(url, options);
  await client.isOpen();
  client.send('REQ', 'dm', filter);
  await client.has('EOSE', 'dm');
  return client;
}

/** Responds to the latest challenge. @returns the id of the AUTH event */
export function authenticate(client: RawClient, url: string, by = bob): string {
  const challenge = String(client.ofType('AUTH').at(-1)?.[1]);
  const tags = [
    ['relay', url],
    ['challenge', challenge],
  ];
  const event = sign({ kind: 22242, tags }, by);
  client.send('AUTH', event);
  return event.id;
}

/** Connects, and waits for a challenge. */
export async function challenged(url: string): Promise<RawClient> {
  const client = rawClient(url);
  await until(() => expect(client.ofType('AUTH').length).toBeGreaterThan(0));
  return client;
}

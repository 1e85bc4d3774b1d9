import { once } from 'node:events';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { type Actor, createFakeClock, createRecordingLog, createSeededRandom } from '@ocmesh/testkit';
import { finalizeEvent } from 'nostr-tools/pure';
import { onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { type RelayOptions, startRelay } from '../src/relay.ts';

/** Starts a relay on a fake clock for one test. */
export async function openRelay(options: Partial<RelayOptions> = {}) {
  const clock = createFakeClock(Date.UTC(2026, 5, 1));
  const log = createRecordingLog();
  const relay = await startRelay({ clock, random: createSeededRandom(1), log, ...options });
  onTestFinished(() => relay.close());
  const nowSec = (): number => Math.floor(clock.now() / 1000);
  return {
    ...relay,
    clock,
    log,
    nowSec,
    /** Returns an event signed by this actor, dated now by default. */
    sign: (actor: Actor, draft: Draft = {}) => sign(actor, { created_at: nowSec(), ...draft }),
    connect: (ws: ClientOptions = {}) => connect(relay.url, nowSec, ws),
  };
}

export interface Draft {
  readonly kind?: number;
  readonly content?: string;
  readonly tags?: string[][];
  readonly created_at?: number;
}

export function sign(actor: Actor, draft: Draft): NostrEvent {
  const event = finalizeEvent({ kind: 1, content: '', tags: [], created_at: 0, ...draft }, actor.secretKey);
  return JSON.parse(JSON.stringify(event));
}

type Frame = readonly unknown[];

/** A client that keeps every frame until the test reads it. Resolves after the AUTH challenge. */
async function connect(url: string, nowSec: () => number, options: ClientOptions) {
  const socket = new WebSocket(url, { perMessageDeflate: false, ...options });
  const unread: Frame[] = [];
  let wake: () => void = () => undefined;
  socket.on('message', (data) => {
    unread.push(JSON.parse(String(data)));
    wake();
  });
  socket.on('close', () => wake());
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  const challenge = String((await next((frame) => frame[0] === 'AUTH'))[1]);

  /** Returns the next matching frame; earlier ones stay unread. */
  async function next(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const at = unread.findIndex(fits);
      const [frame] = at < 0 ? [] : unread.splice(at, 1);
      if (frame) return frame;
      if (socket.readyState === WebSocket.CLOSED)
        throw new Error(`closed; unread: ${JSON.stringify(unread)}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  const send = (...frame: unknown[]): void => socket.send(JSON.stringify(frame));

  /** Subscribes. Returns the stored events, and the reason if the relay closed the subscription. */
  async function ask(
    id: string,
    ...filters: unknown[]
  ): Promise<{ events: NostrEvent[]; hints?: unknown; closed?: string }> {
    send('REQ', id, ...filters);
    const events: NostrEvent[] = [];
    for (;;) {
      const frame = await next(
        (each) => ['EVENT', 'EOSE', 'CLOSED'].includes(String(each[0])) && each[1] === id,
      );
      if (frame[0] === 'EOSE') return { events, hints: frame[2] };
      if (frame[0] === 'CLOSED') return { events, closed: String(frame[2]) };
      events.push(frame[2] as NostrEvent);
    }
  }

  async function okOf(id: string): Promise<{ ok: boolean; reason: string }> {
    const frame = await next((each) => each[0] === 'OK' && each[1] === id);
    return { ok: frame[2] === true, reason: String(frame[3]) };
  }

  return {
    socket,
    challenge,
    unread,
    next,
    send,
    ask,
    publish(event: NostrEvent) {
      send('EVENT', event);
      return okOf(event.id);
    },
    notice: async () => String((await next((frame) => frame[0] === 'NOTICE'))[1]),
    /** Returns the next live event of a subscription. */
    news: async (id: string) =>
      (await next((frame) => frame[0] === 'EVENT' && frame[1] === id))[2] as NostrEvent,
    authenticate(actor: Actor, change: { relay?: string; challenge?: string; created_at?: number } = {}) {
      const { relay = url, challenge: answered = challenge, created_at = nowSec() } = change;
      const tags = [
        ['relay', relay],
        ['challenge', answered],
      ];
      const event = sign(actor, { kind: 22242, tags, created_at });
      send('AUTH', event);
      return okOf(event.id);
    },
    closed: () => (socket.readyState === WebSocket.CLOSED ? Promise.resolve() : once(socket, 'close')),
  };
}

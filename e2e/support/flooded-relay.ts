import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { kinds, type NostrEvent, presenceEvent } from '@ocmesh/shared/wire';
import { WebSocket, WebSocketServer } from 'ws';
import { createWasmEngine } from '../../packages/daemon/src/adapters/crypto/wasm-engine.ts';

/** Maximum bytes in our own socket, so that the real relay's events are not queued behind the flood. */
const MOST_BUFFERED_BYTES = 64 * 1024;
const TICK_MS = 10;

export interface FloodedRelay {
  readonly url: string;
  /** Events that clients of the flooded relay wrote, with times. */
  readonly written: readonly { readonly event: NostrEvent; readonly atMs: number }[];
  /** Sends the presences to all subscribers, at this rate. Resolves when all are sent. */
  flood(perSecond: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * A relay in front of another one: mixes the other's events with presences of made-up keys.
 * @param count number of keys; signing a hundredth of them takes a while
 */
export async function startFloodedRelay(behind: string, count: number): Promise<FloodedRelay> {
  const next = createPresences(count);
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const written: { event: NostrEvent; atMs: number }[] = [];
  const askers = new Map<WebSocket, string>();

  server.on('connection', (client) => {
    const upstream = new WebSocket(behind);
    const waiting: string[] = [];
    upstream.on('open', () => {
      for (const frame of waiting.splice(0)) upstream.send(frame);
    });
    upstream.on('message', (data) => client.send(data.toString()));
    upstream.on('close', () => client.terminate());
    upstream.on('error', () => client.terminate());
    client.on('close', () => {
      askers.delete(client);
      upstream.terminate();
    });
    client.on('error', () => upstream.terminate());
    client.on('message', (data) => {
      const text = data.toString();
      note(client, JSON.parse(text));
      if (upstream.readyState === WebSocket.OPEN) upstream.send(text);
      else waiting.push(text);
    });
  });

  function note(client: WebSocket, frame: unknown[]): void {
    const [verb, second, filter] = frame as [string, unknown, { kinds?: number[] } | undefined];
    if (verb === 'EVENT') written.push({ event: second as NostrEvent, atMs: performance.now() });
    // The first one is the permanent subscription; later ones are queries.
    if (verb === 'REQ' && filter?.kinds?.includes(kinds.presence) && !askers.has(client)) {
      askers.set(client, second as string);
    }
  }

  return {
    get url() {
      return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    written,
    async flood(perSecond) {
      const startedAt = performance.now();
      for (let sent = 0; sent < count; ) {
        const due = Math.min(count, ((performance.now() - startedAt) / 1000) * perSecond);
        for (; sent < due; sent++) {
          const event = JSON.stringify(next(sent));
          for (const [client, subscription] of askers) {
            client.send(`["EVENT",${JSON.stringify(subscription)},${event}]`);
          }
          if ([...askers.keys()].some(({ bufferedAmount }) => bufferedAmount > MOST_BUFFERED_BYTES)) break;
        }
        await new Promise((resolve) => setTimeout(resolve, TICK_MS));
      }
    },
    async close() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Returns presences, each by another key. One in a hundred is signed in advance; the rest have invalid signatures. */
function createPresences(count: number): (n: number) => NostrEvent {
  const engine = createWasmEngine();
  const draft = () =>
    presenceEvent({
      kind: kinds.presence,
      createdAtSec: Math.floor(Date.now() / 1000),
      lifetimeSec: 3_600,
      version: '0.3.0',
      name: `agent ${randomBytes(4).toString('hex')}`,
      features: ['messaging', 'query', 'receipts', 'envelope', 'nip17'],
      status: 'online',
      instance: 'stranger',
    });
  const good = Array.from({ length: Math.ceil(count / 100) }, () => engine.sign(draft(), randomBytes(32)));
  return (n) => {
    const signed = good[n / 100];
    if (signed) return signed;
    const unsigned = { ...draft(), pubkey: randomBytes(32).toString('hex') as NostrEvent['pubkey'] };
    return { ...unsigned, id: engine.eventId(unsigned), sig: randomBytes(64).toString('hex') };
  };
}

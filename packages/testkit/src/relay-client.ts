import {
  authFrame,
  eventFrame,
  type Filter,
  type NostrEvent,
  parseEvent,
  parseRelayFrame,
  type RelayFrame,
  reqFrame,
} from '@ocmesh/shared/wire';
import { WebSocket } from 'ws';

/** Milliseconds to wait for a relay on loopback, which takes that long only if it does not respond at all. */
const RESPONSE_MS = 60_000;

export interface RelayClient {
  /** Resolves with null at EOSE, or with the reason if the relay closed the subscription. */
  subscribe(id: string, filter: Filter, onEvent: (event: NostrEvent) => void): Promise<string | null>;
  publish(event: NostrEvent): Promise<boolean>;
  /** Resolves with the relay's OK to our AUTH; never if it sends no challenge. */
  readonly authenticated: Promise<boolean>;
  close(): Promise<void>;
}

/** Opens one plain connection, which is not opened again when it is lost. */
export async function connectRelay(
  url: string,
  signChallenge: ((challenge: string) => NostrEvent) | null,
): Promise<RelayClient> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  // One listener for each pending OK.
  socket.setMaxListeners(0);
  const listeners = new Set<(frame: RelayFrame) => void>();
  const subscriptions = new Map<string, (event: NostrEvent) => void>();
  const authenticated = new Promise<boolean>((resolve) => {
    listeners.add((frame) => {
      if (frame.type !== 'AUTH' || !signChallenge) return;
      const event = signChallenge(frame.challenge);
      void ask(authFrame(event), false, okOf(event)).then(resolve);
    });
  });

  socket.on('message', (data) => {
    const frame = parseRelayFrame(String(data));
    if (!frame) return;
    const event = frame.type === 'EVENT' ? parseEvent(frame.event) : null;
    if (frame.type === 'EVENT' && event) subscriptions.get(frame.subscription)?.(event);
    for (const listener of listeners) listener(frame);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    // Stays attached: a socket without an error listener ends the process.
    socket.on('error', reject);
  });

  /** Sends a frame. Resolves with the first value that `read` finds in a response; with `lost` if there is none. */
  function ask<T>(frame: string, lost: T, read: (response: RelayFrame) => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const timer = setTimeout(onLost, RESPONSE_MS);
      listeners.add(onFrame);
      socket.on('close', onLost);
      if (socket.readyState === WebSocket.OPEN) socket.send(frame);
      else onLost();

      function onFrame(response: RelayFrame): void {
        const value = read(response);
        if (value !== undefined) finish(value);
      }
      function onLost(): void {
        finish(lost);
      }
      function finish(value: T): void {
        clearTimeout(timer);
        listeners.delete(onFrame);
        socket.off('close', onLost);
        resolve(value);
      }
    });
  }

  return {
    subscribe(id, filter, onEvent) {
      subscriptions.set(id, onEvent);
      return ask<string | null>(reqFrame(id, [filter]), 'no response', (frame) => {
        if (frame.type === 'CLOSED' && frame.subscription === id) return frame.reason;
        return frame.type === 'EOSE' && frame.subscription === id ? null : undefined;
      });
    },
    publish: (event) => ask(eventFrame(event), false, okOf(event)),
    authenticated,
    close: () =>
      new Promise((resolve) => {
        if (socket.readyState === WebSocket.CLOSED) return resolve();
        socket.once('close', () => resolve());
        socket.terminate();
      }),
  };
}

const okOf = (event: NostrEvent) => (frame: RelayFrame) =>
  frame.type === 'OK' && frame.eventId === event.id ? frame.accepted : undefined;

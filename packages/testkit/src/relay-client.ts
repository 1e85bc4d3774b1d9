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

/** Milliseconds to wait for a relay on loopback: that long only when it will not answer at all. */
const ANSWER_MS = 60_000;

export interface RelayClient {
  /** Resolves with null when the stored events are through, or with the reason why the relay will send none. */
  subscribe(id: string, filter: Filter, onEvent: (event: NostrEvent) => void): Promise<string | null>;
  publish(event: NostrEvent): Promise<boolean>;
  /** Settles when the relay answered our AUTH; never where it does not challenge. */
  readonly authenticated: Promise<boolean>;
  close(): Promise<void>;
}

/** One plain connection without repair: what is lost stays lost. */
export async function connectRelay(
  url: string,
  answerChallenge: ((challenge: string) => NostrEvent) | null,
): Promise<RelayClient> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  // One listener for each OK that is awaited.
  socket.setMaxListeners(0);
  const answers = new Set<(frame: RelayFrame) => void>();
  const subscriptions = new Map<string, (event: NostrEvent) => void>();
  const authenticated = new Promise<boolean>((resolve) => {
    answers.add((frame) => {
      if (frame.type !== 'AUTH' || !answerChallenge) return;
      const event = answerChallenge(frame.challenge);
      void ask(authFrame(event), false, okOf(event)).then(resolve);
    });
  });

  socket.on('message', (data) => {
    const frame = parseRelayFrame(String(data));
    if (!frame) return;
    const event = frame.type === 'EVENT' ? parseEvent(frame.event) : null;
    if (frame.type === 'EVENT' && event) subscriptions.get(frame.subscription)?.(event);
    for (const answer of answers) answer(frame);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    // Stays attached: a socket without an error listener ends the process.
    socket.on('error', reject);
  });

  /** The first answer that `read` takes; `lost` when none comes. */
  function ask<T>(frame: string, lost: T, read: (answer: RelayFrame) => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const timer = setTimeout(onLost, ANSWER_MS);
      answers.add(onAnswer);
      socket.on('close', onLost);
      if (socket.readyState === WebSocket.OPEN) socket.send(frame);
      else onLost();

      function onAnswer(answer: RelayFrame): void {
        const value = read(answer);
        if (value !== undefined) finish(value);
      }
      function onLost(): void {
        finish(lost);
      }
      function finish(value: T): void {
        clearTimeout(timer);
        answers.delete(onAnswer);
        socket.off('close', onLost);
        resolve(value);
      }
    });
  }

  return {
    subscribe(id, filter, onEvent) {
      subscriptions.set(id, onEvent);
      return ask<string | null>(reqFrame(id, [filter]), 'no answer', (frame) => {
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

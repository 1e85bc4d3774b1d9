import type { Clock } from '@ocmesh/shared/ambient';
import { type DeliveryState, type Message, OcmeshError, type StreamEvent } from '@ocmesh/shared/contract';
import type { Daemon } from '../terminal/daemon-client.ts';
import { type Failure, toFailure } from '../terminal/failure.ts';
import type { ChatView } from './chat-view.ts';
import { markRead } from './read.ts';

export interface ChatOptions {
  /** Messages of before to show. */
  readonly history: number;
  /** Leave what comes unread, for the agent. */
  readonly keepUnread: boolean;
}

export interface ChatSession {
  /** Resolves when the conversation so far is shown and what comes is listened for, or when it is left. */
  readonly ready: Promise<void>;
  say(text: string): void;
  /** Waits until what was said is on a relay, but not for ever. */
  settle(): Promise<void>;
  leave(): void;
  /** Of the last line that the daemon did not take. */
  failure(): Failure | null;
}

/** Messages that are looked through for what came while the stream was broken. */
const MISSED_ROWS = 100;
const AGAIN_MS = 1_000;
const SETTLE_MS = 10_000;

/** A conversation with one peer, until it is left. The daemon may stop and come back meanwhile. */
export function createChatSession(
  { api, follow }: Daemon,
  clock: Clock,
  pubkey: string,
  view: ChatView,
  { history, keepUnread }: ChatOptions,
): ChatSession {
  const seen = new Set<string>();
  const ownStates = new Map<string, DeliveryState>();
  const leaving = new AbortController();
  const startedMs = clock.now();
  const waiters = new Set<() => void>();
  let sending: Promise<void> = Promise.resolve();
  let failure: Failure | null = null;
  const ready = start();

  function take(message: Message): void {
    const { id, direction, delivery } = message;
    if (seen.has(id)) return advance(id, delivery.state);
    seen.add(id);
    if (direction === 'out') ownStates.set(id, delivery.state);
    view.message(message);
  }

  function advance(id: string, state: DeliveryState): void {
    if (!ownStates.has(id) || ownStates.get(id) === state) return;
    ownStates.set(id, state);
    view.state(id, state);
    for (const wake of waiters) wake();
  }

  /** What the daemon does not take now is marked when it is shown the next time. */
  const acknowledge = async (messages: readonly Message[]): Promise<void> => {
    if (!keepUnread) await markRead(api, messages).catch(() => {});
  };

  /** @param shown how many at most of those that are not known yet; older ones stay hidden */
  async function catchUp(shown: number): Promise<void> {
    const limit = Math.max(shown, MISSED_ROWS);
    const { items } = await api.listMessages({ with: pubkey, direction: 'all', limit });
    // What is just being sent is in the list too, but known by its id only once the daemon answered.
    await sending;
    for (const { id } of items.slice(shown)) seen.add(id);
    const recent = items.slice(0, shown).reverse();
    for (const message of recent) take(message);
    await acknowledge(recent);
  }

  async function handle(event: StreamEvent): Promise<void> {
    if (event.event === 'message.received' && event.data.from === pubkey) {
      take(event.data);
      await acknowledge([event.data]);
    }
    if (event.event !== 'message.state' || event.data.to !== pubkey) return;
    await sending;
    const { id, state } = event.data;
    if (seen.has(id)) advance(id, state);
    else takeNew(await api.getMessage({ id }));
  }

  /** What our agent writes meanwhile; of what it wrote long ago only the state is new. */
  function takeNew(message: Message): void {
    if (Date.parse(message.timestamp) >= startedMs) take(message);
    else seen.add(message.id);
  }

  /** One stream from its opening to its end. */
  async function listen(limit: number, onReady: () => void): Promise<void> {
    let caughtUp = Promise.resolve();
    // Not AbortSignal.any: what it makes may be collected before it fires.
    const over = new AbortController();
    const end = (): void => over.abort();
    leaving.signal.addEventListener('abort', end);
    let problem: unknown;
    const events = follow({ types: 'message.received,message.state' }, over.signal, () => {
      caughtUp = catchUp(limit).then(onReady, (error) => {
        problem = error;
        end();
      });
    });
    try {
      for await (const event of events) {
        await caughtUp;
        await handle(event);
      }
      await caughtUp;
      if (problem) throw problem;
    } catch (error) {
      throw problem ?? error;
    } finally {
      leaving.signal.removeEventListener('abort', end);
    }
  }

  function start(): Promise<void> {
    return new Promise((resolve, reject) => {
      // Who leaves before does not wait for the daemon.
      leaving.signal.addEventListener('abort', () => resolve());
      let isReady = false;
      let isLost = false;
      const onReady = (): void => {
        if (isLost) view.notice('The daemon is back.');
        isLost = false;
        isReady = true;
        resolve();
      };
      void (async () => {
        while (!leaving.signal.aborted) {
          try {
            await listen(isReady ? MISSED_ROWS : history, onReady);
          } catch (error) {
            if (leaving.signal.aborted) return;
            if (!isReady) return reject(error);
            if (!(error instanceof OcmeshError)) throw error;
          }
          if (leaving.signal.aborted) return;
          if (!isReady) return reject(new OcmeshError('daemon_down'));
          if (!isLost) view.notice('The daemon is gone: waiting for it.');
          isLost = true;
          await pause(AGAIN_MS);
        }
      })();
    });
  }

  /** Until then, or until the conversation is left. */
  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve);
      leaving.signal.addEventListener(
        'abort',
        () => {
          cancel();
          resolve();
        },
        { once: true },
      );
    });
  }

  return {
    ready,
    say(text) {
      const line = view.typed(text);
      sending = sending.then(async () => {
        try {
          const sent = await api.sendMessage({ to: pubkey, content: text });
          seen.add(sent.id);
          ownStates.set(sent.id, sent.state);
          line.accepted(sent);
        } catch (error) {
          failure = toFailure(error);
          line.refused(failure);
        }
      });
    },
    async settle() {
      await sending;
      const isSettled = (): boolean => ![...ownStates.values()].includes('queued');
      if (isSettled() || leaving.signal.aborted) return;
      let wake = (): void => {};
      const settled = new Promise<void>((resolve) => {
        wake = () => (isSettled() ? resolve() : undefined);
        waiters.add(wake);
      });
      await Promise.race([settled, pause(SETTLE_MS)]);
      waiters.delete(wake);
      if (!isSettled()) view.notice('No relay has taken everything yet: the daemon goes on trying.');
    },
    leave: () => leaving.abort(),
    failure: () => failure,
  };
}

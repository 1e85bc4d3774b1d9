import { type Clock, pauseUnlessAborted } from '@ocmesh/shared/ambient';
import type { Message, StreamEvent } from '@ocmesh/shared/contract';
import type { Daemon } from '../terminal/daemon-client.ts';
import { type Failure, toFailure } from '../terminal/failure.ts';
import { createChatMessages } from './chat-messages.ts';
import { followChat } from './chat-stream.ts';
import type { ChatView } from './chat-view.ts';
import { markRead } from './read.ts';

export interface ChatOptions {
  /** Number of earlier messages to show. */
  readonly history: number;
  /** Do not mark incoming messages as read, so that the agent still finds them. */
  readonly keepUnread: boolean;
}

export interface ChatSession {
  /** Resolves when earlier messages are shown and new ones will be, or when the chat is left. */
  readonly ready: Promise<void>;
  say(text: string): void;
  /** Waits until a relay has accepted everything said, for 10 s at most. */
  settle(): Promise<void>;
  leave(): void;
  /** Returns why the daemon refused a line, for the last such line. */
  failure(): Failure | null;
}

/** Messages searched for those that arrived while the stream was interrupted. */
const MISSED_ROWS = 100;
const SETTLE_MS = 10_000;

/** Runs a chat with one peer until it is left. The daemon may stop and return meanwhile. */
export function createChatSession(
  { api, follow }: Daemon,
  clock: Clock,
  pubkey: string,
  view: ChatView,
  { history, keepUnread }: ChatOptions,
): ChatSession {
  const messages = createChatMessages(view);
  const leaving = new AbortController();
  const startedMs = clock.now();
  let sending: Promise<void> = Promise.resolve();
  let failure: Failure | null = null;

  /** Marks messages as read. If the daemon refuses, the next chat that shows them does it. */
  const acknowledge = async (shown: readonly Message[]): Promise<void> => {
    if (!keepUnread) await markRead(api, shown).catch(() => {});
  };

  /** @param rows how many unknown messages to show at most; older ones stay hidden */
  async function catchUp(rows: number): Promise<void> {
    const limit = Math.max(rows, MISSED_ROWS);
    const { items } = await api.listMessages({ with: pubkey, direction: 'all', limit });
    // A message being sent is in the list, but its id is known only once the daemon has responded.
    await sending;
    for (const { id } of items.slice(rows)) messages.hide(id);
    const recent = items.slice(0, rows).reverse();
    for (const message of recent) messages.show(message);
    await acknowledge(recent);
  }

  async function onEvent(event: StreamEvent): Promise<void> {
    if (event.event === 'message.received' && event.data.from === pubkey) {
      messages.show(event.data);
      await acknowledge([event.data]);
    }
    if (event.event !== 'message.state' || event.data.to !== pubkey) return;
    await sending;
    const { id, state } = event.data;
    if (messages.has(id)) messages.setState(id, state);
    else showOwn(await api.getMessage({ id }));
  }

  /** Shows what our agent writes during the chat, but not its older messages whose state changes only now. */
  function showOwn(message: Message): void {
    if (Date.parse(message.timestamp) >= startedMs) messages.show(message);
    else messages.hide(message.id);
  }

  const ready = followChat({
    follow,
    clock,
    signal: leaving.signal,
    notice: view.notice,
    catchUp: (isReconnect) => catchUp(isReconnect ? MISSED_ROWS : history),
    onEvent,
  });

  return {
    ready,
    say(text) {
      const line = view.typed(text);
      sending = sending.then(async () => {
        try {
          const sent = await api.sendMessage({ to: pubkey, content: text });
          messages.addSent(sent);
          line.accepted(sent);
        } catch (error) {
          failure = toFailure(error);
          line.refused(failure);
        }
      });
    },
    async settle() {
      await sending;
      if (messages.areOut() || leaving.signal.aborted) return;
      await Promise.race([messages.whenOut(), pauseUnlessAborted(clock, SETTLE_MS, leaving.signal)]);
      if (!messages.areOut()) view.notice('Not every message is on a relay yet; the daemon keeps trying.');
    },
    leave: () => leaving.abort(),
    failure: () => failure,
  };
}

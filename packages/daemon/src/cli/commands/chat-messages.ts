import type { DeliveryState, Message, Output } from '@ocmesh/shared/contract';
import type { ChatView } from './chat-view.ts';

/** The messages of a chat that are known: each is shown once, and ours again when their delivery state changes. */
export interface ChatMessages {
  has(id: string): boolean;
  /** Shows a message, or the new state of one that is already shown. */
  show(message: Message): void;
  /** Remembers a message without showing it. */
  hide(id: string): void;
  /** Remembers a message that was typed here, which the view shows already. */
  addSent(sent: Output<'sendMessage'>): void;
  /** Shows the new delivery state of a message of ours. */
  setState(id: string, state: DeliveryState): void;
  /** Whether a relay has accepted all our messages. */
  areOut(): boolean;
  /** Resolves once `areOut`. */
  whenOut(): Promise<void>;
}

export function createChatMessages(view: Pick<ChatView, 'message' | 'state'>): ChatMessages {
  const known = new Set<string>();
  const ownStates = new Map<string, DeliveryState>();
  const waiters = new Set<() => void>();
  const areOut = (): boolean => ![...ownStates.values()].includes('queued');

  function setState(id: string, state: DeliveryState): void {
    if (!ownStates.has(id) || ownStates.get(id) === state) return;
    ownStates.set(id, state);
    view.state(id, state);
    if (!areOut()) return;
    for (const resolve of waiters) resolve();
    waiters.clear();
  }

  return {
    has: (id) => known.has(id),
    show(message) {
      const { id, direction, delivery } = message;
      if (known.has(id)) return setState(id, delivery.state);
      known.add(id);
      if (direction === 'out') ownStates.set(id, delivery.state);
      view.message(message);
    },
    hide: (id) => void known.add(id),
    addSent({ id, state }) {
      known.add(id);
      ownStates.set(id, state);
    },
    setState,
    areOut,
    whenOut: () => (areOut() ? Promise.resolve() : new Promise((resolve) => void waiters.add(resolve))),
  };
}

import type { Clock, MonotonicMs } from '@ocmesh/shared/ambient';
import type { Subscription } from '../../core/ports/relay-network.ts';
import type { Subscriptions } from './subscriptions.ts';

const DM_SUBSCRIPTION = 'dm';

/** Our permanent subscriptions on one connection, and whether the one for messages works. */
export function createPermanentSubscriptions(deps: {
  readonly clock: Clock;
  readonly url: string;
  readonly wanted: readonly Subscription[];
  /** Returns how many subscriptions the relay allows at the same time. */
  readonly allowed: () => number;
  readonly subscriptions: Pick<Subscriptions, 'add' | 'remove' | 'reopen'>;
  /** Returns whether an AUTH is under way: until then a relay may withhold messages without a word. */
  readonly isAuthPending: () => boolean;
  readonly onEvent: (event: unknown, bytes: number) => void;
  /** A subscription got its EOSE. */
  readonly onSubscribed: (name: string) => void;
}) {
  const { clock, wanted, allowed, subscriptions } = deps;
  let isOpen = false;
  /** All are one REQ, with the filters of each. */
  let isShared = false;
  let isPaused = false;
  /** They are back after a pause: their EOSE is nothing new. */
  let isResumed = false;
  /** Messages got their EOSE while an AUTH was under way. */
  let isEoseHeld = false;
  const reported = new Set<string>();
  let carriesDms = false;
  let dmRefusal: { readonly reason: string; readonly at: MonotonicMs } | null = null;

  /** One place stays free for queries. */
  const hasToShare = (): boolean => wanted.length > 1 && wanted.length >= allowed();

  function report(name: string): void {
    if (isResumed && reported.has(name)) return;
    reported.add(name);
    deps.onSubscribed(name);
  }

  function onEose(name: string): void {
    if (name === DM_SUBSCRIPTION) {
      carriesDms = true;
      dmRefusal = null;
      isEoseHeld = deps.isAuthPending();
      if (isEoseHeld) return;
    }
    report(name);
  }

  function add(id: string, parts: readonly Subscription[]): void {
    subscriptions.add({
      id,
      permanent: true,
      filters: () => parts.flatMap(({ filters }) => filters(deps.url)),
      onEvent: deps.onEvent,
      onDropped() {},
      onEose() {
        for (const { name } of parts) onEose(name);
      },
      onEnd() {},
    });
  }

  function addAll(): void {
    isShared = hasToShare();
    if (isShared) add(DM_SUBSCRIPTION, wanted);
    else for (const subscription of wanted) add(subscription.name, [subscription]);
  }

  function removeAll(): void {
    for (const { name } of wanted) subscriptions.remove(name);
  }

  return {
    open(): void {
      isOpen = true;
      addAll();
    },
    /** The relay may allow another number of subscriptions than before. */
    onAllowedChanged(): void {
      if (!isOpen || isPaused || hasToShare() === isShared) return;
      removeAll();
      addAll();
    },
    /** Its filters changed. That it gets another EOSE is nothing new. */
    resubscribe(name: string): void {
      if (!isOpen || isPaused) return;
      isResumed = true;
      subscriptions.reopen(isShared ? DM_SUBSCRIPTION : name);
    },
    /** Makes room for queries on a relay that allows one subscription. What comes meanwhile, the relay sends afterwards. */
    pause(): void {
      isPaused = true;
      removeAll();
    },
    resume(): void {
      isPaused = false;
      isResumed = true;
      addAll();
    },
    /** The relay accepted or refused our AUTH. Once it knows us, it may send messages that it withheld before. */
    onAuthenticated(isAccepted: boolean): void {
      if (isAccepted) {
        isResumed = false;
        isEoseHeld = false;
        subscriptions.reopen(DM_SUBSCRIPTION);
      } else if (isEoseHeld) {
        isEoseHeld = false;
        report(DM_SUBSCRIPTION);
      }
    },
    onRefused(name: string, reason: string): void {
      if (name !== DM_SUBSCRIPTION) return;
      isResumed = false;
      carriesDms = false;
      dmRefusal = { reason, at: clock.monotonic() };
    },
    count: () => (isShared ? 1 : wanted.length),
    isShared: () => isShared,
    carriesDms: () => carriesDms,
    /** Returns why and since when the relay refuses our messages; null if it does not. */
    dmRefusal: () => dmRefusal,
  };
}

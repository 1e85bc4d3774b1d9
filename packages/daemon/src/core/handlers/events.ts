import {
  type AbortSignalLike,
  OcmeshError,
  type Passed,
  type StreamEvent,
  type Streams,
} from '@ocmesh/shared/contract';
import type { KeptEvent } from '../events/event-hub.ts';
import { eventLimits } from '../events/limits.ts';
import { hasEnded } from '../model/message.ts';
import type { Tables } from '../ports/store.ts';
import type { HandlerDeps, HandlerOptions } from './deps.ts';
import { presentDelivery, presentMessage, presentPeer, presentReason, presentRelay } from './present.ts';

const RETRY_AFTER_S = 5;

/** A stream event before it gets its id. */
type Shown = StreamEvent extends infer E ? (E extends StreamEvent ? Omit<E, 'id'> : never) : never;

export function createEventHandlers(
  {
    hub,
    store,
    clock,
    confirmedDate,
    cursors,
    identity,
    nextAttemptAtMs,
    pendingRelays,
    conductOf,
    loopGuard,
  }: Pick<
    HandlerDeps,
    | 'hub'
    | 'store'
    | 'clock'
    | 'cursors'
    | 'confirmedDate'
    | 'identity'
    | 'nextAttemptAtMs'
    | 'pendingRelays'
    | 'conductOf'
    | 'loopGuard'
  >,
  { name, onlineWindowMs }: HandlerOptions,
): Streams {
  let openStreams = 0;

  /** Shows an event as REST would now; null if its peer or message is gone. */
  function show(tables: Tables, event: KeptEvent): Shown | null {
    switch (event.type) {
      case 'message.received': {
        const message = tables.messages.get(event.id);
        if (!message || hasEnded(message, confirmedDate())) return null;
        const context = {
          self: identity.pubkey,
          ourName: name,
          showCursor: cursors.showArrival,
          nextAttemptAtMs,
          pendingRelays,
          conductOf,
        };
        return { event: event.type, data: presentMessage(tables, message, context) };
      }
      case 'message.state': {
        const message = tables.messages.get(event.id);
        if (!message) return null;
        const { id, peer: to } = message;
        return {
          event: event.type,
          data: {
            id,
            to,
            state: event.state,
            delivery: presentDelivery(tables, message, { nextAttemptAtMs, pendingRelays, conductOf }),
          },
        };
      }
      case 'wake.test':
        return { event: event.type, data: { id: event.id, watcher: event.watcher } };
      case 'relay.state':
        return { event: event.type, data: presentRelay(event.relay) };
      case 'status.changed':
        return {
          event: event.type,
          data: { degraded: event.reasons.length > 0, reasons: event.reasons.map(presentReason) },
        };
      default: {
        const peer = tables.peers.get(event.pubkey);
        return (
          peer && {
            event: event.type,
            data: presentPeer(tables, peer, {
              nowMs: clock.now(),
              shownAtMs: confirmedDate(),
              onlineWindowMs,
              loopGuard,
            }),
          }
        );
      }
    }
  }

  async function* follow(
    wants: (type: string) => boolean,
    from: string,
    signal: AbortSignalLike,
  ): AsyncGenerator<StreamEvent | Passed> {
    let wake = (): void => {};
    const onWake = (): void => wake();
    const unsubscribe = hub.subscribe(onWake);
    signal.addEventListener('abort', onWake, { once: true });
    try {
      let at = from;
      yield { id: at, event: 'passed' };
      while (!signal.aborted) {
        // Before `next`, so that no event between the two is missed.
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const next = hub.next(at);
        if (!next) {
          await woken;
          continue;
        }
        at = next.id;
        if ('gap' in next) {
          yield { id: at, event: 'reset', data: { reason: next.gap } };
          continue;
        }
        const { event } = next;
        const shown = wants(event.type) ? await store.read((tables) => show(tables, event)) : null;
        yield shown ? { id: at, ...shown } : { id: at, event: 'passed' };
      }
    } finally {
      unsubscribe();
      signal.removeEventListener('abort', onWake);
      openStreams--;
    }
  }

  return {
    followEvents({ types, last_event_id }, { signal }) {
      if (openStreams >= eventLimits.streams) {
        throw new OcmeshError('too_many_streams', { retryAfterSeconds: RETRY_AFTER_S });
      }
      openStreams++;
      const wanted = types?.split(',');
      return follow((type) => wanted?.includes(type) ?? true, last_event_id ?? hub.position(), signal);
    },
  };
}

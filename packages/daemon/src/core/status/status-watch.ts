import { type Cancel, type Clock, every } from '@ocmesh/shared/ambient';
import type { DomainEvent } from '../model/domain-events.ts';
import type { Health } from './health.ts';

/** Interval between checks, because some reasons arise with time alone or in the store. */
const CHECK_MS = 5_000;

export interface StatusWatch {
  start(): void;
  /** Checks now: call it after something that may change the reasons. */
  check(): void;
  stop(): void;
}

/** Emits `status.changed` when a reason to be degraded is new or gone. */
export function createStatusWatch(deps: {
  readonly health: Health;
  readonly clock: Clock;
  readonly emit: (events: readonly DomainEvent[]) => void;
}): StatusWatch {
  const { health, clock, emit } = deps;
  let emittedCodes = '';
  let cancel: Cancel = () => {};

  function check(): void {
    const reasons = health.reasons();
    const codes = reasons.map(({ code }) => code).join();
    if (codes === emittedCodes) return;
    emittedCodes = codes;
    emit([{ type: 'status.changed', reasons }]);
  }

  return {
    start() {
      cancel = every(clock, CHECK_MS, check);
    },
    check,
    stop: () => cancel(),
  };
}

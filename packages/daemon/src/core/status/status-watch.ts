import { type Cancel, type Clock, every } from '@ocmesh/shared/ambient';
import type { DomainEvent } from '../model/domain-events.ts';
import type { Health } from './health.ts';

/** Some reasons arise by time alone, or in the store, and nobody tells of them. */
const LOOK_MS = 5_000;

export interface StatusWatch {
  start(): void;
  /** Something happened that may matter. */
  look(): void;
  stop(): void;
}

/** Tells when there is another reason to be degraded than before, or one less. */
export function createStatusWatch(deps: {
  readonly health: Health;
  readonly clock: Clock;
  readonly emit: (events: readonly DomainEvent[]) => void;
}): StatusWatch {
  const { health, clock, emit } = deps;
  let told = '';
  let cancel: Cancel = () => {};

  function look(): void {
    const reasons = health.reasons();
    const codes = reasons.map(({ code }) => code).join();
    if (codes === told) return;
    told = codes;
    emit([{ type: 'status.changed', reasons }]);
  }

  return {
    start() {
      cancel = every(clock, LOOK_MS, look);
    },
    look,
    stop: () => cancel(),
  };
}

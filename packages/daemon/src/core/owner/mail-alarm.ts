import { type Cancel, type Clock, every, type Log, minuteMs } from '@ocmesh/shared/ambient';
import type { DomainEvent } from '../model/domain-events.ts';
import type { Store } from '../ports/store.ts';
import type { Health } from '../status/health.ts';
import { createLasting } from '../status/lasting.ts';
import { ownerLimits } from './limits.ts';
import type { OwnerMail } from './owner-mail.ts';
import { quietMs } from './quiet-hours.ts';
import { MAIL_AGAIN, NO_MAIL } from './texts.ts';

const NO_MAIL_CODES: readonly string[] = ['no_relay', 'no_dm_relay', 'no_keeping_relay', 'proxy_down'];

export interface MailAlarm {
  start(): void;
  stop(): void;
}

/** Tells the owner's phone once that no relay has kept our mail for an hour, and once that one does again. */
export function createMailAlarm(deps: {
  readonly store: Store;
  readonly clock: Clock;
  readonly minuteOfDay: () => number;
  readonly log: Log;
  readonly health: Pick<Health, 'reasons'>;
  readonly mail: OwnerMail;
  readonly emit: (events: readonly DomainEvent[]) => void;
}): MailAlarm {
  const { store, clock } = deps;
  const since = createLasting(clock, ownerLimits.mailMinutes * minuteMs);
  let cancel: Cancel = () => {};

  async function check(): Promise<void> {
    const isDown = deps.health.reasons().some(({ code }) => NO_MAIL_CODES.includes(code));
    const isAlarm = since(isDown) !== null;
    const owner = store.peek((tables) => tables.owner.get());
    // Between the two: not yet an hour, or the owner was told.
    if (!owner || owner.code !== null || isAlarm === owner.mailAlarm || (isDown && !isAlarm)) return;
    if (quietMs(owner.quietHours, deps.minuteOfDay()) > 0) return;
    await store.transaction((tables) => {
      const now = tables.owner.get();
      if (!now || now.pubkey !== owner.pubkey) return;
      tables.owner.put({ ...now, mailAlarm: isAlarm });
      deps.mail.write(tables, now.pubkey, isAlarm ? NO_MAIL : MAIL_AGAIN);
    });
    deps.emit([{ type: 'owner.message' }]);
  }

  return {
    start() {
      cancel = every(clock, minuteMs, () => {
        check().catch((error) =>
          deps.log.warn('the state of the relays could not be sent to the owner', { reason: String(error) }),
        );
      });
    },
    stop: () => cancel(),
  };
}

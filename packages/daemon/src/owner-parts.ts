import { minuteMs, type UnixMs } from '@ocmesh/shared/ambient';
import type { Base, Outgoing, Reporting } from './agent-parts.ts';
import type { Config } from './config/schema.ts';
import { insertInOrder } from './core/messaging/conversation-order.ts';
import { createMailAlarm } from './core/owner/mail-alarm.ts';
import { createOwnerInbox } from './core/owner/owner-inbox.ts';
import { createOwnerMail } from './core/owner/owner-mail.ts';
import { createOwnerNews } from './core/owner/owner-news.ts';
import { createOwnerRequests } from './core/owner/owner-requests.ts';
import { createOwnerSettings } from './core/owner/owner-settings.ts';
import type { TimeWatch } from './core/status/time-watch.ts';
import { createHeldMessages } from './core/trust/held-messages.ts';
import type { Trust } from './core/trust/trust.ts';

const utcMinuteAt = (ms: UnixMs): number => Math.floor(ms / minuteMs) % 1440;

type OwnerParts = ReturnType<typeof createOwnerParts>;
export type OwnerServices = ReturnType<typeof createOwnerServices>;

/** What waits for the owner, and the phone from which the owner decides about it. */
export function createOwnerParts(
  { store, clock, random, identity, emit }: Base,
  { time, trust }: { readonly time: TimeWatch; readonly trust: Trust },
  { name: agentName }: Config,
) {
  const { confirmedNow, confirmedDate, correctedNow, toDate } = time;
  const { loopGuard } = trust;
  const heldMessages = createHeldMessages({
    store,
    confirmedNow,
    confirmedDate,
    insert: insertInOrder,
    emit,
  });
  const requests = createOwnerRequests({
    confirmedNow,
    confirmedDate,
    correctedNow,
    loopGuard,
    heldMessages,
  });
  const mail = createOwnerMail({ identity, confirmedNow, correctedNow });
  return {
    heldMessages,
    requests,
    mail,
    takeMessage: createOwnerInbox({ clock, confirmedNow, requests, mail, agentName }),
    settings: createOwnerSettings({
      identity,
      store,
      random,
      confirmedNow,
      toDate,
      requests,
      mail,
      agentName,
      emit,
    }),
  };
}

/** What the daemon does for its owner by itself. */
export function createOwnerServices(
  { store, clock, log, emit }: Base,
  needs: {
    readonly time: TimeWatch;
    readonly trust: Trust;
    readonly owner: OwnerParts;
    readonly outgoing: Outgoing;
    readonly reporting: Reporting;
  },
  { minuteOfDay: minuteAt = utcMinuteAt }: { readonly minuteOfDay?: (ms: UnixMs) => number },
) {
  const { confirmedNow } = needs.time;
  const { heldMessages, requests, mail } = needs.owner;
  const { policies } = needs.trust;
  const { offer } = needs.outgoing;
  const { health } = needs.reporting;
  const minuteOfDay = (): number => minuteAt(clock.now());

  /** Releases what is still held although strangers need no approval: after a crash, or a change of the configuration. */
  function releaseHeld(): void {
    if (policies.get().strangers !== 'open') return;
    heldMessages
      .releaseAll()
      .catch((error) => log.warn('held messages could not be released', { reason: String(error) }));
  }

  return {
    releaseHeld,
    news: createOwnerNews({ store, clock, confirmedNow, minuteOfDay, log, requests, mail, offer }),
    mailAlarm: createMailAlarm({ store, clock, minuteOfDay, log, health, mail, emit }),
  };
}

import type { Clock, ConfirmedMs, Random, UnixMs } from '@ocmesh/shared/ambient';
import type { Identity } from '../identity/identity.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { Store } from '../ports/store.ts';
import type { HeldMessages } from '../trust/held-messages.ts';
import type { LoopGuard } from '../trust/loop-guard.ts';
import { createOwnerInbox, type TakeFromOwner } from './owner-inbox.ts';
import { createOwnerMail, type OwnerMail } from './owner-mail.ts';
import { createOwnerRequests, type OwnerRequests } from './owner-requests.ts';
import { createOwnerSettings, type OwnerSettings } from './owner-settings.ts';

/** The channel to the owner's phone: ADR 0035. */
export interface Owner {
  readonly requests: OwnerRequests;
  readonly mail: OwnerMail;
  readonly inbox: TakeFromOwner;
  readonly settings: OwnerSettings;
}

export function createOwner(deps: {
  readonly identity: Identity;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly confirmedNow: () => ConfirmedMs;
  readonly confirmedDate: () => UnixMs;
  readonly correctedNow: () => UnixMs;
  readonly toDate: (confirmedMs: ConfirmedMs) => UnixMs;
  readonly loopGuard: LoopGuard;
  readonly heldMessages: Pick<HeldMessages, 'release'>;
  /** Name of our agent. */
  readonly agentName: string | null;
  readonly emit: (events: readonly DomainEvent[]) => void;
}): Owner {
  const requests = createOwnerRequests(deps);
  const mail = createOwnerMail(deps);
  return {
    requests,
    mail,
    inbox: createOwnerInbox({ ...deps, requests, mail }),
    settings: createOwnerSettings({ ...deps, requests, mail }),
  };
}

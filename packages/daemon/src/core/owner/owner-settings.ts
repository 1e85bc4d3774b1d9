import { type ConfirmedMs, hourMs, type Random, toIso, type UnixMs } from '@ocmesh/shared/ambient';
import { type Input, OcmeshError, type Owner, type Problem, type Pubkey } from '@ocmesh/shared/contract';
import { checkKey } from '../identity/check-key.ts';
import type { Identity } from '../identity/identity.ts';
import { parseProfile, toNpub } from '../identity/public-key-text.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OwnerRecord } from '../model/owner.ts';
import { isAgent } from '../model/peer.ts';
import type { Store, Tables } from '../ports/store.ts';
import { ownerLimits } from './limits.ts';
import type { OwnerMail } from './owner-mail.ts';
import type { OwnerRequests } from './owner-requests.ts';
import { askForCode, farewell } from './texts.ts';

const CODE_LIFE_MS = ownerLimits.code.hours * hourMs;
const REQUEST_LIFE_MS = ownerLimits.request.hours * hourMs;

/** Which phone decides, as the owner sets it at the computer. Every change resolves when it is on disk. */
export interface OwnerSettings {
  get(): Promise<Owner>;
  /** @throws OcmeshError `invalid_pubkey`, `invalid_request` */
  set(change: Input<'setOwner'>): Promise<Owner>;
  remove(): Promise<Owner>;
}

export function createOwnerSettings(deps: {
  readonly identity: Identity;
  readonly store: Store;
  readonly random: Random;
  readonly confirmedNow: () => ConfirmedMs;
  readonly toDate: (confirmedMs: ConfirmedMs) => UnixMs;
  readonly requests: OwnerRequests;
  readonly mail: OwnerMail;
  /** Name of our agent. */
  readonly agentName: string | null;
  readonly emit: (events: readonly DomainEvent[]) => void;
}): OwnerSettings {
  const { store, mail, confirmedNow } = deps;

  /** Ends what the phone so far could do, and tells it. */
  function dismiss(tables: Tables, owner: OwnerRecord | null): void {
    mail.withdraw(tables);
    tables.ownerRequests.removeAll();
    if (owner?.code === null) mail.write(tables, owner.pubkey, farewell(deps.agentName));
  }

  function name(tables: Tables, pubkey: Pubkey, relays: readonly string[]): void {
    const before = tables.owner.get();
    if (before?.pubkey === pubkey && before.code === null) return;
    dismiss(tables, before?.pubkey === pubkey ? null : before);
    // It never gets a hello: an app would show the JSON.
    tables.greeted.add(pubkey, confirmedNow());
    if (relays.length > 0) tables.relayLists.setHints(pubkey, relays);
    tables.owner.put({
      pubkey,
      code: newCode(deps.random),
      triesLeft: ownerLimits.code.tries,
      namedAtMs: confirmedNow(),
      quietHours: before?.quietHours ?? null,
      mailAlarm: false,
    });
    mail.write(tables, pubkey, askForCode(deps.agentName));
  }

  /** @throws OcmeshError `invalid_pubkey`, `invalid_request` */
  function check(tables: Tables, pubkey: Pubkey): void {
    if (pubkey === deps.identity.pubkey)
      throw refused({ problem: 'owner_is_us', message: 'This is the key of this agent itself.' });
    checkKey(deps.identity, pubkey);
    const peer = tables.peers.get(pubkey);
    if (peer?.trust === 'blocked')
      throw refused({ problem: 'owner_is_blocked', message: 'This key is blocked.' });
    if (peer && isAgent(peer)) {
      const message = 'This key belongs to an agent of the mesh: a model could decide there in your place.';
      throw refused({ problem: 'owner_is_agent', message });
    }
  }

  async function change(edit: (tables: Tables) => void): Promise<Owner> {
    await store.transaction(edit);
    deps.emit([{ type: 'owner.message' }]);
    return store.read(show);
  }

  function show(tables: Tables): Owner {
    const owner = tables.owner.get();
    if (!owner) return nobody;
    const isAwaited =
      owner.code !== null && owner.triesLeft > 0 && confirmedNow() - owner.namedAtMs < CODE_LIFE_MS;
    return {
      state: owner.code === null ? 'confirmed' : 'unconfirmed',
      pubkey: owner.pubkey,
      npub: toNpub(owner.pubkey),
      code: isAwaited ? owner.code : null,
      code_until: isAwaited ? toIso(deps.toDate(owner.namedAtMs) + CODE_LIFE_MS) : null,
      tries_left: isAwaited ? owner.triesLeft : null,
      quiet_hours: owner.quietHours,
      requests: deps.requests.open(tables).map(({ number, kind, peer, sentAtMs }) => ({
        number,
        kind,
        pubkey: peer,
        until: toIso(deps.toDate(sentAtMs) + REQUEST_LIFE_MS),
      })),
    };
  }

  return {
    get: () => store.read(show),
    set({ pubkey: key, quiet_hours: quietHours }) {
      const profile = key === undefined ? null : parseProfile(key);
      if (quietHours && isAllDay(quietHours)) {
        const message = 'The quiet hours begin and end at the same time.';
        throw refused({ problem: 'quiet_all_day', message }, 'quiet_hours');
      }
      return change((tables) => {
        if (profile) {
          check(tables, profile.pubkey);
          name(tables, profile.pubkey, profile.relays);
        }
        const owner = tables.owner.get();
        if (!owner) throw refused({ problem: 'no_owner', message: 'No phone is named yet.' });
        if (quietHours !== undefined) tables.owner.put({ ...owner, quietHours });
      });
    },
    remove: () =>
      change((tables) => {
        dismiss(tables, tables.owner.get());
        tables.owner.remove();
      }),
  };
}

const nobody: Owner = {
  state: 'none',
  pubkey: null,
  npub: null,
  code: null,
  code_until: null,
  tries_left: null,
  quiet_hours: null,
  requests: [],
};

const isAllDay = (hours: string): boolean => {
  const [from, to] = hours.split('-');
  return from === to;
};

const refused = (
  extras: { readonly problem: Problem; readonly message: string },
  field = 'pubkey',
): OcmeshError => new OcmeshError('invalid_request', { ...extras, details: { field } });

/** Returns random digits, each as likely as any other. */
function newCode(random: Random): string {
  const digits: number[] = [];
  while (digits.length < ownerLimits.code.digits)
    digits.push(
      ...[...random.bytes(ownerLimits.code.digits)].filter((byte) => byte < 250).map((byte) => byte % 10),
    );
  return digits.slice(0, ownerLimits.code.digits).join('');
}

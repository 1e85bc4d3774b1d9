import { type Clock, type Random, toHex, toUnixSec } from '@ocmesh/shared/ambient';
import { type EventDraft, type Filter, kinds, type NostrEvent, presenceEvent } from '@ocmesh/shared/wire';
import { encrypt } from 'nostr-tools/nip04';
import { finalizeEvent } from 'nostr-tools/pure';
import { actor } from '../actors.ts';

/** Name in every presence that no agent of the test announced. */
export const STRANGER = 'stranger';

/** Events by a key that no agent of the test knows. */
export interface Strangers {
  readonly pubkey: string;
  sign(draft: Partial<EventDraft>): NostrEvent;
  /** Returns an encrypted message for a key. */
  dm(to: string, text: string, draft?: Partial<EventDraft>): NostrEvent;
  /** Returns an authentic event that matches the filter, apart from its date. */
  matching(filter: Filter, createdAtSec: number): NostrEvent;
  /** Returns an event that matches the filter and has no valid signature. */
  invalid(filter: Filter, createdAtSec: number): NostrEvent;
}

export function createStrangers(deps: { readonly clock: Clock; readonly random: Random }): Strangers {
  const { clock, random } = deps;
  const { secretKey, pubkey } = actor(STRANGER);

  function sign(draft: Partial<EventDraft>): NostrEvent {
    const tags = (draft.tags ?? []).map((tag) => [...tag]);
    const event = { kind: 1, content: '', created_at: toUnixSec(clock.now()), ...draft, tags };
    // A copy: nostr-tools marks the object as verified.
    const { id, sig } = finalizeEvent({ ...event }, secretKey);
    return { ...event, id, pubkey, sig };
  }

  function dm(to: string, text: string, draft: Partial<EventDraft> = {}): NostrEvent {
    const content = encrypt(secretKey, to, text);
    return sign({ kind: kinds.encryptedDm, tags: [['p', to]], content, ...draft });
  }

  function presence(kind: typeof kinds.note | typeof kinds.presence, createdAtSec: number): NostrEvent {
    const lifetimeSec = 900;
    return sign(
      presenceEvent({
        instance: 'stranger',
        kind,
        createdAtSec,
        lifetimeSec,
        version: '0.3.0',
        name: STRANGER,
        features: [],
        status: 'online',
      }),
    );
  }

  return {
    pubkey,
    sign,
    dm,
    matching(filter, createdAtSec) {
      const kind = filter.kinds?.[0] ?? kinds.note;
      const [to] = filter['#p'] ?? [];
      if (kind === kinds.encryptedDm && to !== undefined) {
        return dm(to, 'from the future', { created_at: createdAtSec });
      }
      if (kind === kinds.presence || kind === kinds.note) return presence(kind, createdAtSec);
      return sign({ kind, created_at: createdAtSec, tags: tagsFor(filter) });
    },
    invalid: (filter, createdAtSec) => ({
      id: toHex(random.bytes(32)),
      pubkey,
      created_at: createdAtSec,
      kind: filter.kinds?.[0] ?? kinds.note,
      tags: tagsFor(filter),
      content: toHex(random.bytes(32)),
      sig: toHex(random.bytes(64)),
    }),
  };
}

/** Returns tags that match the filter. */
const tagsFor = (filter: Filter): string[][] =>
  Object.entries(filter).flatMap(([key, values]) =>
    key.startsWith('#') && Array.isArray(values) ? [[key.slice(1), String(values[0])]] : [],
  );

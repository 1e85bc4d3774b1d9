import { isPubkey, type Pubkey } from '@ocmesh/shared/contract';
import { kinds, type NostrEvent } from '@ocmesh/shared/wire';

/** Who belongs to a private mesh. Reasons are for `OK` and `CLOSED`; null allows. */
export interface Members {
  readonly isOpen: boolean;
  refuseWrite(event: NostrEvent, keys: ReadonlySet<Pubkey>): string | null;
  refuseRead(keys: ReadonlySet<Pubkey>): string | null;
}

/** Without a list everybody belongs. A wrong key throws: it would lock its owner out silently. */
export function createMembers(allowedPubkeys: readonly string[] | undefined): Members {
  if (!allowedPubkeys) return { isOpen: true, refuseWrite: () => null, refuseRead: () => null };
  const wrong = allowedPubkeys.find((key) => !isPubkey(key));
  if (wrong !== undefined)
    throw new TypeError(`allowedPubkeys takes 64 lower-case hex digits each, not ${wrong}`);
  const members: ReadonlySet<string> = new Set(allowedPubkeys);
  const proved = (keys: ReadonlySet<Pubkey>): boolean => [...keys].some((key) => members.has(key));

  return {
    isOpen: false,
    refuseWrite(event, keys) {
      if (members.has(event.pubkey)) return null;
      // NIP-59 wraps are signed by keys that live for one event: there the connection has to vouch.
      if (event.kind === kinds.giftWrap && proved(keys)) return null;
      if (event.kind === kinds.giftWrap && keys.size === 0)
        return 'auth-required: gift wraps from members only';
      return 'restricted: not a member of this relay';
    },
    refuseRead(keys) {
      if (proved(keys)) return null;
      return keys.size === 0
        ? 'auth-required: restricted to members of this relay'
        : 'restricted: not a member of this relay';
    },
  };
}

import { isPubkey, type Pubkey } from '@ocmesh/shared/contract';
import { kinds, type NostrEvent } from '@ocmesh/shared/wire';

/** Access to a private mesh. Returned reasons are for `OK` and `CLOSED`; null allows. */
export interface Members {
  readonly isOpen: boolean;
  refuseWrite(event: NostrEvent, keys: ReadonlySet<Pubkey>): string | null;
  refuseRead(keys: ReadonlySet<Pubkey>): string | null;
}

/** Without a list everybody is a member. Throws for a malformed key, which would silently lock its owner out. */
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
      // Gift wraps (NIP-59) are signed by single-use keys, so the connection must be authenticated.
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

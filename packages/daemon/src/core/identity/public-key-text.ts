import { isPubkey, OcmeshError, type Pubkey } from '@ocmesh/shared/contract';
import { publicRelays } from '@ocmesh/shared/wire';
import * as nip19 from 'nostr-tools/nip19';

/** Returns the key as `npub1…`, the form people copy (NIP-19). */
export const toNpub = (pubkey: Pubkey): string => nip19.npubEncode(pubkey);

/**
 * Parses a public key from 64 hex digits, `npub1…` or `nprofile1…`.
 * @throws OcmeshError `invalid_pubkey`
 */
export const parsePubkey = (text: string): Pubkey => parseProfile(text).pubkey;

/**
 * Parses a public key as `parsePubkey` does, and the public relays that an `nprofile1…` names.
 * @throws OcmeshError `invalid_pubkey`
 */
export function parseProfile(text: string): { readonly pubkey: Pubkey; readonly relays: readonly string[] } {
  const lower = text.trim().toLowerCase();
  if (isPubkey(lower)) return { pubkey: lower, relays: [] };
  try {
    const decoded = nip19.decode(lower.replace(/^nostr:/, ''));
    const { pubkey, relays = [] } =
      decoded.type === 'npub'
        ? { pubkey: decoded.data }
        : decoded.type === 'nprofile'
          ? decoded.data
          : { pubkey: null };
    if (isPubkey(pubkey)) return { pubkey, relays: publicRelays(relays) };
  } catch {
    // The error below is the same for everything that is not a key.
  }
  throw new OcmeshError('invalid_pubkey');
}

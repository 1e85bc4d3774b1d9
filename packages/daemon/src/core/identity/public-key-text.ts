import { isPubkey, OcmeshError, type Pubkey } from '@ocmesh/shared/contract';
import * as nip19 from 'nostr-tools/nip19';

/** Returns the key as `npub1…`, the form people copy (NIP-19). */
export const toNpub = (pubkey: Pubkey): string => nip19.npubEncode(pubkey);

/**
 * Parses a public key from 64 hex digits, `npub1…` or `nprofile1…`.
 * @throws OcmeshError `invalid_pubkey`
 */
export function parsePubkey(text: string): Pubkey {
  const lower = text.trim().toLowerCase();
  if (isPubkey(lower)) return lower;
  try {
    const decoded = nip19.decode(lower.replace(/^nostr:/, ''));
    const key =
      decoded.type === 'npub' ? decoded.data : decoded.type === 'nprofile' ? decoded.data.pubkey : null;
    if (isPubkey(key)) return key;
  } catch {
    // The error below is the same for everything that is not a key.
  }
  throw new OcmeshError('invalid_pubkey');
}

import type { Pubkey } from '@ocmesh/shared/contract';
import type { EventDraft, NostrEvent, UnsignedEvent } from '@ocmesh/shared/wire';
import * as nip04 from 'nostr-tools/nip04';
import * as nip44 from 'nostr-tools/nip44';
import { finalizeEvent, getEventHash, getPublicKey, verifyEvent } from 'nostr-tools/pure';
import type { CryptoEngine } from '../ports/crypto-engine.ts';

/** Engine on nostr-tools (noble): pure JavaScript, works everywhere, 1 to 3 ms per operation. */
export function createNostrToolsEngine(): CryptoEngine {
  const open44: CryptoEngine['nip44']['open'] = (secretKey, peer, payload) =>
    nip44.decrypt(payload, nip44.getConversationKey(secretKey, peer));

  // Casts: the types of nostr-tools are mutable, ours are not. It changes none of the objects that are cast.
  return {
    publicKey: (secretKey) => getPublicKey(secretKey) as Pubkey,

    eventId: (event: UnsignedEvent) => getEventHash(event as unknown as Parameters<typeof getEventHash>[0]),

    sign({ kind, created_at, tags, content }: EventDraft, secretKey) {
      // A fresh object in and out: finalizeEvent changes its input, and would publish a stray field.
      const draft = { kind, created_at, content, tags: tags.map((tag) => [...tag]) };
      return bare(finalizeEvent(draft, secretKey) as unknown as NostrEvent);
    },

    // verifyEvent trusts a mark on the object, and a spread copies the mark: check only a bare copy.
    verify: (event) => verifyEvent(bare(event) as unknown as Parameters<typeof verifyEvent>[0]),

    nip04: {
      seal: (secretKey, peer, plaintext) => nip04.encrypt(secretKey, peer, plaintext),
      open: (secretKey, peer, payload) => nip04.decrypt(secretKey, peer, payload),
    },
    nip44: {
      seal: (secretKey, peer, plaintext) =>
        nip44.encrypt(plaintext, nip44.getConversationKey(secretKey, peer)),
      open: open44,
    },
    // This engine caches no keys, so that keys used once need nothing special.
    nip44Once: {
      open: open44,
      sealer(secretKey, peer) {
        const key = nip44.getConversationKey(secretKey, peer);
        return (plaintext) => nip44.encrypt(plaintext, key);
      },
    },
  };
}

const bare = ({ id, pubkey, created_at, kind, tags, content, sig }: NostrEvent): NostrEvent => ({
  id,
  pubkey,
  created_at,
  kind,
  tags,
  content,
  sig,
});

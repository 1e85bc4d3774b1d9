import { createHash } from 'node:crypto';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { UnsignedEvent } from '@ocmesh/shared/wire';
import type { CryptoEngine } from '../../core/ports/crypto-engine.ts';
import { openNip04, sealNip04 } from './nip04.ts';
import { conversationKey, openNip44, sealNip44 } from './nip44.ts';
import { publicKeyOf, sharedX, signSchnorr, verifySchnorr } from './secp256k1.ts';

/** Peers whose shared secret is cached: computing it takes 160 µs, as long as a signature check. */
const CACHED_SECRETS = 1_000;

/** Creates the engine on WebAssembly and OpenSSL. */
export function createWasmEngine(): CryptoEngine {
  const cached = new Map<string, Uint8Array>();
  /** Public keys by the object of the secret key, so that signing an event needs no extra multiplication. */
  const pubkeys = new WeakMap<Uint8Array, Pubkey>();

  const freshSecret = (secretKey: Uint8Array, peer: Pubkey): Uint8Array =>
    sharedX(secretKey, Buffer.from(peer, 'hex'));

  function secretWith(secretKey: Uint8Array, peer: Pubkey): Uint8Array {
    const key = `${peer}${Buffer.from(secretKey).toString('hex')}`;
    const known = cached.get(key);
    const secret = known ?? freshSecret(secretKey, peer);
    // Moved to the end: the secret that was not used for the longest time is dropped.
    cached.delete(key);
    cached.set(key, secret);
    if (cached.size > CACHED_SECRETS) cached.delete(cached.keys().next().value as string);
    return secret;
  }

  function publicKey(secretKey: Uint8Array): Pubkey {
    const pubkey = pubkeys.get(secretKey) ?? (Buffer.from(publicKeyOf(secretKey)).toString('hex') as Pubkey);
    pubkeys.set(secretKey, pubkey);
    return pubkey;
  }

  return {
    publicKey,

    eventId: (event) => hashOf(event).toString('hex'),

    sign(draft, secretKey) {
      const { created_at, kind, tags, content } = draft;
      const pubkey = publicKey(secretKey);
      const hash = hashOf({ ...draft, pubkey });
      const sig = Buffer.from(signSchnorr(hash, secretKey)).toString('hex');
      return { id: hash.toString('hex'), pubkey, created_at, kind, tags, content, sig };
    },

    verify(event) {
      const hash = hashOf(event);
      return (
        hash.toString('hex') === event.id &&
        verifySchnorr(Buffer.from(event.sig, 'hex'), hash, Buffer.from(event.pubkey, 'hex'))
      );
    },

    nip04: {
      seal: (secretKey, peer, plaintext) => sealNip04(secretWith(secretKey, peer), plaintext),
      open: (secretKey, peer, payload) => openNip04(secretWith(secretKey, peer), payload),
    },
    nip44: {
      seal: (secretKey, peer, text) => sealNip44(conversationKey(secretWith(secretKey, peer)), text),
      open: (secretKey, peer, payload) => openNip44(conversationKey(secretWith(secretKey, peer)), payload),
    },
    nip44Once: {
      open: (secretKey, peer, payload) => openNip44(conversationKey(freshSecret(secretKey, peer)), payload),
      sealer(secretKey, peer) {
        const key = conversationKey(freshSecret(secretKey, peer));
        return (plaintext) => sealNip44(key, plaintext);
      },
    },
  };
}

/** Returns the id of an event (NIP-01): SHA-256 of its canonical form, which is the output of JSON.stringify. */
const hashOf = ({ pubkey, created_at, kind, tags, content }: UnsignedEvent): Buffer =>
  createHash('sha256')
    .update(JSON.stringify([0, pubkey, created_at, kind, tags, content]))
    .digest();

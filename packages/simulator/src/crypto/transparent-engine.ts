import { hash as digest } from 'node:crypto';
import type { Pubkey } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import type { CryptoEngine } from '../../../daemon/src/core/ports/crypto-engine.ts';
import type { Chance } from '../chance.ts';

export interface TransparentEngine extends CryptoEngine {
  /** Returns the text of any payload, without a key; null if it is none. */
  look(payload: string): string | null;
}

const hash = (text: string): string => digest('sha256', text);
/** Returns the secret key of someone with this name. */
export const secretKeyOf = (name: string): Uint8Array => Uint8Array.from(Buffer.from(hash(name), 'hex'));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/**
 * An engine that hides nothing and costs little, but checks what the real one checks: ids, signatures, whose keys a payload
 * was made for, whether it was changed, and whether a key exists. All randomness comes from the seed.
 */
export function createTransparentEngine(chance: Chance): TransparentEngine {
  /** Keys that someone has; the others are no points of the curve. */
  const pubkeys = new Set<string>();
  const pubkeyOf = new Map<string, Pubkey>();
  /** What is shared by two keys. */
  const pairs = new Map<string, string>();

  function publicKey(secretKey: Uint8Array): Pubkey {
    const secret = hex(secretKey);
    const known = pubkeyOf.get(secret);
    if (known) return known;
    if (secretKey.length !== 32 || /^0*$/.test(secret)) throw new Error('not a secret key');
    const pubkey = hash(`public ${secret}`) as Pubkey;
    pubkeyOf.set(secret, pubkey);
    pubkeys.add(pubkey);
    return pubkey;
  }

  /** Nobody in a simulation tries to make one: they only copy and change what they saw. */
  const signatureOf = (id: string, pubkey: string): string => pubkey + id;

  const eventId: CryptoEngine['eventId'] = ({ pubkey, created_at, kind, tags, content }) =>
    hash(JSON.stringify([0, pubkey, created_at, kind, tags, content]));

  function between(secretKey: Uint8Array, peer: Pubkey): string {
    if (!pubkeys.has(peer)) throw new Error('not a point of the curve');
    const own = publicKey(secretKey);
    const both = own < peer ? own + peer : peer + own;
    const known = pairs.get(both) ?? hash(both).slice(0, 16);
    pairs.set(both, known);
    return known;
  }

  const seal = (pair: string, plaintext: string): string => {
    const nonce = hex(chance.bytes(8));
    const mac = hash(pair + nonce + plaintext).slice(0, 16);
    return Buffer.from(`2 ${pair} ${nonce} ${mac} ${plaintext}`).toString('base64');
  };

  function parse(payload: string): { pair: string; nonce: string; mac: string; text: string } | null {
    const bytes = Buffer.from(payload, 'base64').toString();
    const [, pair = '', nonce = '', mac = '', text] =
      /^2 (\w{16}) (\w{16}) (\w{16}) ([\s\S]*)$/.exec(bytes) ?? [];
    return text === undefined ? null : { pair, nonce, mac, text };
  }

  function open(pair: string, payload: string): string {
    const parsed = parse(payload);
    if (parsed?.pair !== pair) throw new Error('made for other keys');
    if (hash(pair + parsed.nonce + parsed.text).slice(0, 16) !== parsed.mac) throw new Error('bad MAC');
    return parsed.text;
  }

  const IV = '?iv=';
  const nip44: CryptoEngine['nip44'] = {
    seal(secretKey, peer, plaintext) {
      if (plaintext === '') throw new Error('nothing to encrypt');
      return seal(between(secretKey, peer), plaintext);
    },
    open: (secretKey, peer, payload) => open(between(secretKey, peer), payload),
  };

  return {
    publicKey,
    eventId,
    sign(draft, secretKey) {
      const unsigned = {
        pubkey: publicKey(secretKey),
        created_at: draft.created_at,
        kind: draft.kind,
        tags: draft.tags,
        content: draft.content,
      };
      const id = eventId(unsigned);
      return Object.assign(unsigned, { id, sig: signatureOf(id, unsigned.pubkey) }) as NostrEvent;
    },
    verify: (event) => event.id === eventId(event) && event.sig === signatureOf(event.id, event.pubkey),
    nip04: {
      seal: (secretKey, peer, plaintext) => `${seal(between(secretKey, peer), plaintext)}${IV}AAAA`,
      open(secretKey, peer, payload) {
        if (!payload.endsWith(`${IV}AAAA`)) throw new Error('malformed');
        return open(between(secretKey, peer), payload.slice(0, payload.indexOf(IV)));
      },
    },
    nip44,
    nip44Once: {
      open: nip44.open,
      sealer(secretKey, peer) {
        const pair = between(secretKey, peer);
        return (plaintext) => {
          if (plaintext === '') throw new Error('nothing to encrypt');
          return seal(pair, plaintext);
        };
      },
    },
    look: (payload) => parse(payload.split(IV)[0] as string)?.text ?? null,
  };
}

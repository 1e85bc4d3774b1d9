import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fromHex, toHex } from '@ocmesh/shared/ambient';
import type { Pubkey } from '@ocmesh/shared/contract';
import * as nip44 from 'nostr-tools/nip44';
import { describe, expect, test } from 'vitest';
import { createNostrToolsEngine } from '../../core/identity/nostr-tools-engine.ts';
import { nip44OnceOf } from '../../core/ports/crypto-engine.contract.ts';
import type { CryptoEngine } from '../../core/ports/crypto-engine.ts';
import { conversationKey, messageKeys, openNip44, paddedLength, sealNip44 } from './nip44.ts';
import { sharedX } from './secp256k1.ts';
import { createWasmEngine } from './wasm-engine.ts';

// The vectors whose hash is in NIP-44.

interface KeyPair {
  readonly sec1: string;
  readonly pub2: Pubkey;
  readonly conversation_key: string;
  readonly note?: string;
}
interface Sealed {
  readonly sec1: string;
  readonly sec2: string;
  readonly conversation_key: string;
  readonly nonce: string;
  readonly plaintext: string;
  readonly payload: string;
  readonly note?: string;
}
interface LongSealed {
  readonly conversation_key: string;
  readonly nonce: string;
  readonly pattern: string;
  readonly repeat: number;
  readonly plaintext_sha256: string;
  readonly payload_sha256: string;
}
interface Vectors {
  readonly valid: {
    readonly get_conversation_key: readonly KeyPair[];
    readonly get_message_keys: {
      readonly conversation_key: string;
      readonly keys: readonly Record<'nonce' | 'chacha_key' | 'chacha_nonce' | 'hmac_key', string>[];
    };
    readonly calc_padded_len: readonly (readonly [number, number])[];
    readonly encrypt_decrypt: readonly Sealed[];
    readonly encrypt_decrypt_long_msg: readonly LongSealed[];
  };
  readonly invalid: {
    readonly encrypt_msg_lengths: readonly number[];
    readonly get_conversation_key: readonly KeyPair[];
    readonly decrypt: readonly Sealed[];
  };
}

const file = readFileSync(new URL('../../../test/vectors/nip44.vectors.json', import.meta.url));
const { valid, invalid } = (JSON.parse(file.toString()) as { v2: Vectors }).v2;
const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** An engine, and its functions that take a conversation key and a nonce. */
interface Implementation {
  readonly engine: CryptoEngine;
  conversationKey(secretKey: Uint8Array, peer: Pubkey): Uint8Array;
  seal(key: Uint8Array, plaintext: string, nonce: Uint8Array): string;
  open(key: Uint8Array, payload: string): string;
}
const wasm: Implementation = {
  engine: createWasmEngine(),
  conversationKey: (secretKey, peer) => conversationKey(sharedX(secretKey, fromHex(peer))),
  seal: sealNip44,
  open: openNip44,
};
const nostrTools: Implementation = {
  engine: createNostrToolsEngine(),
  conversationKey: nip44.getConversationKey,
  seal: (key, plaintext, nonce) => nip44.encrypt(plaintext, key, nonce),
  open: (key, payload) => nip44.decrypt(payload, key),
};

test('the vectors are the official ones, and complete', () => {
  expect(sha256(file)).toBe('269ed0f69e4c192512cc779e78c555090cebc7c785b609e338a62afc3ce25040');
  expect(valid.get_conversation_key).toHaveLength(35);
  expect(valid.get_message_keys.keys).toHaveLength(32);
  expect(valid.calc_padded_len).toHaveLength(24);
  expect(valid.encrypt_decrypt).toHaveLength(10);
  expect(valid.encrypt_decrypt_long_msg).toHaveLength(3);
  expect(invalid.get_conversation_key).toHaveLength(8);
  expect(invalid.decrypt).toHaveLength(12);
});

describe.each([
  ['on WebAssembly', wasm],
  ['on nostr-tools', nostrTools],
])('the engine %s', (_, { engine, ...lower }) => {
  test.each(valid.get_conversation_key)('conversation key of $sec1 and $pub2', (vector) => {
    const key = lower.conversationKey(fromHex(vector.sec1), vector.pub2);
    expect(toHex(key)).toBe(vector.conversation_key);
    for (const codec of [engine.nip44, nip44OnceOf(engine)]) {
      const sealed = lower.seal(fromHex(vector.conversation_key), 'for this pair', new Uint8Array(32));
      expect(codec.open(fromHex(vector.sec1), vector.pub2, sealed)).toBe('for this pair');
      expect(lower.open(key, codec.seal(fromHex(vector.sec1), vector.pub2, 'and back'))).toBe('and back');
    }
  });

  test.each(valid.encrypt_decrypt)('seals and opens $plaintext', (vector) => {
    const secretKeys = [fromHex(vector.sec1), fromHex(vector.sec2)] as const;
    const [one, two] = [engine.publicKey(secretKeys[0]), engine.publicKey(secretKeys[1])];
    expect(toHex(lower.conversationKey(secretKeys[0], two))).toBe(vector.conversation_key);
    const sealed = lower.seal(fromHex(vector.conversation_key), vector.plaintext, fromHex(vector.nonce));
    expect(sealed).toBe(vector.payload);
    for (const codec of [engine.nip44, nip44OnceOf(engine)]) {
      expect(codec.open(secretKeys[0], two, vector.payload)).toBe(vector.plaintext);
      expect(codec.open(secretKeys[1], one, vector.payload)).toBe(vector.plaintext);
    }
  });

  test.each(valid.encrypt_decrypt_long_msg)('seals and opens $repeat times $pattern', (vector) => {
    const plaintext = vector.pattern.repeat(vector.repeat);
    expect(sha256(plaintext)).toBe(vector.plaintext_sha256);
    const sealed = lower.seal(fromHex(vector.conversation_key), plaintext, fromHex(vector.nonce));
    expect(sha256(sealed)).toBe(vector.payload_sha256);
    expect(lower.open(fromHex(vector.conversation_key), sealed) === plaintext).toBe(true);
  });

  test.each(invalid.get_conversation_key)('refuses keys: $note', ({ sec1, pub2 }) => {
    for (const codec of [engine.nip44, nip44OnceOf(engine)]) {
      expect(() => codec.seal(fromHex(sec1), pub2, 'x')).toThrow();
      expect(() => codec.open(fromHex(sec1), pub2, valid.encrypt_decrypt[0]?.payload as string)).toThrow();
    }
  });

  test.each(invalid.decrypt)('refuses a payload: $note', ({ conversation_key, payload }) => {
    expect(() => lower.open(fromHex(conversation_key), payload)).toThrow();
  });

  test('seals at least one byte', () => {
    expect(() => lower.seal(new Uint8Array(32), '', new Uint8Array(32))).toThrow();
  });
});

test.each(valid.get_message_keys.keys)('message keys for the nonce $nonce', (vector) => {
  const key = fromHex(valid.get_message_keys.conversation_key);
  const { cipherKey, cipherNonce, macKey } = messageKeys(key, fromHex(vector.nonce));
  expect([cipherKey, cipherNonce, macKey].map(toHex)).toEqual([
    vector.chacha_key,
    vector.chacha_nonce,
    vector.hmac_key,
  ]);
});

test.each(valid.calc_padded_len)('pads %i bytes to %i', (length, padded) => {
  expect(paddedLength(length)).toBe(padded);
});

// NIP-44 now also allows longer texts, which we do not need; the longest vector takes seconds.
test.each(invalid.encrypt_msg_lengths.filter((length) => length < 10_000_000))(
  'the fast engine does not seal %i bytes',
  (length) => {
    expect(() => sealNip44(new Uint8Array(32), 'x'.repeat(length))).toThrow();
  },
);

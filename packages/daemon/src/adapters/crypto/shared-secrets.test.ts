import type { Pubkey } from '@ocmesh/shared/contract';
import { actor } from '@ocmesh/testkit';
import { beforeEach, expect, test, vi } from 'vitest';
import { sharedX } from './secp256k1.ts';
import { createWasmEngine } from './wasm-engine.ts';

vi.mock(import('./secp256k1.ts'), async (original) => {
  const real = await original();
  return { ...real, sharedX: vi.fn(real.sharedX) };
});
beforeEach(() => {
  vi.mocked(sharedX).mockClear();
});

const alice = actor('alice');
const bob = actor('bob');

test('computes the secret with a peer once, for both codecs and directions', () => {
  const { nip04, nip44 } = createWasmEngine();
  for (const codec of [nip04, nip44, nip04]) {
    codec.open(alice.secretKey, bob.pubkey, codec.seal(alice.secretKey, bob.pubkey, 'x'));
  }
  expect(sharedX).toHaveBeenCalledTimes(1);
});

test('does not cache secrets of one-time keys', () => {
  const { nip44, nip44Once } = createWasmEngine();
  nip44.seal(alice.secretKey, bob.pubkey, 'x');
  for (let number = 0; number < 1_100; number++) {
    const once = Uint8Array.from(bob.secretKey);
    new DataView(once.buffer).setUint32(4, number);
    nip44Once.sealer(once, alice.pubkey);
  }
  vi.mocked(sharedX).mockClear();
  nip44.seal(alice.secretKey, bob.pubkey, 'x');
  expect(sharedX).not.toHaveBeenCalled();
});

test('drops the secret that was not used for the longest time', () => {
  const { nip44 } = createWasmEngine();
  const peers = Array.from({ length: 1_001 }, (_, number) => actor(`peer ${number}`).pubkey);
  const [first, second] = peers as [Pubkey, Pubkey, ...Pubkey[]];
  for (const peer of peers.slice(0, 1_000)) nip44.seal(alice.secretKey, peer, 'x');
  nip44.seal(alice.secretKey, first, 'x');
  nip44.seal(alice.secretKey, peers[1_000] as Pubkey, 'x');
  vi.mocked(sharedX).mockClear();
  nip44.seal(alice.secretKey, first, 'x');
  expect(sharedX).not.toHaveBeenCalled();
  nip44.seal(alice.secretKey, second, 'x');
  expect(sharedX).toHaveBeenCalledTimes(1);
});

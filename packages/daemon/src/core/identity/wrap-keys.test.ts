import type { Pubkey } from '@ocmesh/shared/contract';
import { actor, createFakeClock, createSeededRandom } from '@ocmesh/testkit';
import { expect, test, vi } from 'vitest';
import { createWasmEngine } from '../../adapters/crypto/wasm-engine.ts';
import { createWrapKeys } from './wrap-keys.ts';

const bob = actor('bob').pubkey;

function setUp() {
  const engine = createWasmEngine();
  const sealer = vi.spyOn(engine.nip44Once, 'sealer');
  const clock = createFakeClock();
  const keyFor = createWrapKeys({ engine, clock, random: createSeededRandom(59) });
  return { clock, sealer, keyFor, made: () => sealer.mock.calls.length };
}

test('prepares the next key for a recipient', async () => {
  const { clock, keyFor, made } = setUp();
  keyFor(bob);
  expect(made()).toBe(1);
  await clock.advance(1_000);
  expect(made()).toBe(2);
  keyFor(bob);
  expect(made()).toBe(2);
});

test('returns no key twice, and each for its recipient', async () => {
  const { clock, sealer, keyFor } = setUp();
  const peers = [bob, actor('carol').pubkey, actor('dave').pubkey];
  const given = new Map<string, Pubkey>();
  for (let round = 0; round < 4; round++) {
    for (const peer of [...peers, bob]) given.set(Buffer.from(keyFor(peer).secretKey).toString('hex'), peer);
    await clock.advance(1_000);
  }
  expect(given.size).toBe(16);
  for (const [secretKey, peer] of sealer.mock.calls)
    expect(given.get(Buffer.from(secretKey).toString('hex')) ?? peer).toBe(peer);
});

test('prepares one key for a thousand messages at once', async () => {
  const { clock, keyFor, made } = setUp();
  for (let n = 0; n < 1_000; n++) keyFor(bob);
  await clock.advance(1_000);
  expect(made()).toBe(1_001);
  expect(clock.pending()).toBe(0);
});

test('keeps keys ready for the last sixteen recipients', async () => {
  const { clock, keyFor, made } = setUp();
  const peers = Array.from({ length: 17 }, (_, n) => actor(`peer ${n}`).pubkey);
  for (const peer of peers) keyFor(peer);
  await clock.advance(1_000);
  const before = made();
  for (const peer of peers.slice(1)) keyFor(peer);
  expect(made()).toBe(before);
  keyFor(peers[0] as Pubkey);
  expect(made()).toBe(before + 1);
});

import { createRecordingLog } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createNostrToolsEngine } from '../../core/identity/nostr-tools-engine.ts';
import { cryptoEngineContract, cryptoEnginesAgree } from '../../core/ports/crypto-engine.contract.ts';
import { chooseEngine, selfTest } from './choose-engine.ts';
import { createWasmEngine } from './wasm-engine.ts';

cryptoEngineContract('the engine on WebAssembly', createWasmEngine);
cryptoEngineContract('the engine on nostr-tools', createNostrToolsEngine);
cryptoEnginesAgree(createWasmEngine(), createNostrToolsEngine());

test('chooses the fast engine, and logs nothing', async () => {
  const log = createRecordingLog();
  const engine = await chooseEngine(log);
  expect(() => selfTest(engine)).not.toThrow();
  expect(log.lines).toEqual([]);
});

test('the self-test accepts both engines', () => {
  expect(() => selfTest(createWasmEngine())).not.toThrow();
  expect(() => selfTest(createNostrToolsEngine())).not.toThrow();
});

const real = createWasmEngine();
test.each([
  ['accepts every signature', { verify: () => true }],
  ['accepts no signature', { verify: () => false }],
  ['computes another public key', { publicKey: () => 'ab'.repeat(32) as ReturnType<typeof real.publicKey> }],
  ['computes another event id', { eventId: () => 'ab'.repeat(32) }],
  ['decrypts NIP-04 to something else', { nip04: { ...real.nip04, open: () => 'x' } }],
  ['decrypts NIP-44 to something else', { nip44: { ...real.nip44, open: () => 'x' } }],
  ['encrypts to garbage', { nip44: { ...real.nip44, seal: () => 'x' } }],
])('the self-test refuses an engine that %s', (_, fault) => {
  expect(() => selfTest({ ...real, ...fault })).toThrow();
});

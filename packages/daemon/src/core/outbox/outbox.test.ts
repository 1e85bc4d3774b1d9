import { createFakeClock, createRecordingLog, createSeededRandom } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { createFakePeer } from '../../../test/support/fake-peer.ts';
import { createMemoryMesh, createMemoryNetwork } from '../../../test/support/memory-relay-network.ts';
import { createMemoryDisk, openMemoryStore } from '../../../test/support/memory-store.ts';
import type { Store } from '../ports/store.ts';
import { createWriteBudget } from '../relays/write-budget.ts';
import { createOutbox } from './outbox.ts';

test('pauses when the store cannot record outcomes, instead of publishing over and over', async () => {
  const clock = createFakeClock();
  const log = createRecordingLog();
  const mesh = createMemoryMesh();
  const network = createMemoryNetwork(mesh, clock);
  network.start(['wss://one.test'], [], {
    onEvent() {},
    onLate() {},
    onAuthenticated() {},
    onGarbage() {},
    onConnected() {},
    onDisconnected() {},
    onNotice() {},
    onInfo() {},
    onSubscribed() {},
    onState() {},
  });
  const inner = await openMemoryStore(createMemoryDisk(), { clock, log });
  let works = true;
  const store: Store = {
    ...inner,
    transaction: (change) =>
      works ? inner.transaction(change) : Promise.reject(new Error('the disk is full')),
  };
  const bob = createFakePeer('bob', clock);
  const event = bob.dm(bob.pubkey, 'x');
  await store.transaction((tables) =>
    tables.outbox.insert({
      event,
      peer: bob.pubkey,
      purpose: 'message',
      payload: null,
      createdAtMs: clock.now(),
      expiresAtMs: clock.now() + 3_600_000,
    }),
  );
  const outbox = createOutbox({
    store,
    network,
    clock,
    random: createSeededRandom(1),
    log,
    budget: createWriteBudget(clock),
    resign: {
      ifStale: async () => false,
      onOutcome: async () => 'other',
      ifUnconfirmed: async () => false,
      isMisdated: () => false,
    },
    relayTests: { drops: () => false, passedAt: () => 0, onProof() {} },
    ownRelays: () => mesh.relays.map(({ url }) => url),
    spareRelays: () => [],
    relaysOf: () => [],
    askForRelays() {},
    isOnline: () => false,
    confirmedNow: clock.now,
    emit() {},
    bounds: { okBatchMs: 0, okWaitMs: 0, awaitingReceipt: 10, awaitingReceiptBytes: 10_000 },
  });
  works = false;
  outbox.start();
  await clock.advance(12_000);
  const offers = mesh.relays[0]?.offered.length ?? 0;
  expect(offers).toBeGreaterThan(0);
  expect(offers).toBeLessThanOrEqual(3);
  expect(log.lines.length).toBeLessThanOrEqual(3);
  works = true;
  await clock.advance(5_000);
  expect(inner.peek((tables) => tables.outbox.outcomes(event.id))).toEqual([]);
  expect(inner.peek((tables) => tables.outbox.entries())).toEqual([]);
  await outbox.stop();
});

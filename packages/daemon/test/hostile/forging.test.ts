import { expect, test } from 'vitest';
import { createSocketMesh, expectHeard, send, talk } from '../support/socket-mesh.ts';

test('forged id first: keeps the real event when a hostile relay sent a forged one first', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('forged-id-first'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  expect(hostile.misdeeds()).toBeGreaterThan(8);
  for (const agent of [alice, bob]) {
    expect((await agent.refused())['bad_signature']).toBeGreaterThan(0);
  }
});

test('future-dated: refuses events dated years ahead, and still receives messages after a reconnect', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('future-dated'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  expect((await bob.refused())['future_dated']).toBeGreaterThan(4);

  // Only the relay that sent future-dated events carries the next messages: live after a reconnect, and as backfill.
  await honest.close();
  hostile.cut();
  await mesh.until(async () => {
    for (const agent of [alice, bob]) expect((await agent.relay(hostile.url)).carries_dms).toBe(true);
  });
  const heard = ['one', 'two', 'three', ...(await send(mesh, alice, bob, 'after the break'))];
  await expectHeard(bob, alice, heard);
  await bob.stop();
  const { id } = await alice.sendMessage({ to: bob.pubkey, content: 'while you were away' });
  await mesh.until(async () => expect(await alice.stateOf(id)).toBe('published'));
  const back = await mesh.startAgentOn('bob', [hostile, honest], bob.disk);
  await mesh.until(() => expectHeard(back, alice, [...heard, 'while you were away']));
});

test('wrong filter: messages to others, other kinds and unrequested events have no effect', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('wrong-filter'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  expect((await bob.refused())['unasked']).toBeGreaterThan(8);
});

test('duplicates and reorders: events sent ten times and in any order arrive once', async () => {
  const mesh = await createSocketMesh();
  const [hostile, honest] = [await mesh.startHostile('duplicates-and-reorders'), await mesh.startHonest()];
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);

  await bob.stop();
  const contents = Array.from({ length: 20 }, (_, index) => `while you were away ${index}`);
  for (const content of contents) await alice.sendMessage({ to: bob.pubkey, content });
  await mesh.until(async () => expect((await alice.getStatus({})).outbox.queued).toBe(0));
  await honest.close();
  const back = await mesh.startAgentOn('bob', [hostile], bob.disk);
  const all = ['one', 'two', 'three', ...contents];
  await mesh.until(() => expectHeard(back, alice, all));
  // Backfill is applied in the sender's order.
  expect((await back.inbox()).map(({ content }) => content).slice(-contents.length)).toEqual(contents);
  await mesh.pass(5_000);
  await expectHeard(back, alice, all);
});

test('endless pages: stops asking a relay that never ends', async () => {
  const mesh = await createSocketMesh();
  const hostile = await mesh.startHostile('endless-pages', { pageEvents: 20 });
  const honest = await mesh.startHonest();
  const { alice, bob } = await mesh.startPair(hostile, honest);
  await talk(mesh, alice, bob);
  const asked = (): number => hostile.received('REQ').length;
  let before = 0;
  for (let round = 0; round < 10 && asked() > before; round++) {
    before = asked();
    await mesh.pass(10_000);
  }
  expect(asked()).toBe(before);
  expect(hostile.misdeeds()).toBeGreaterThan(100);
});

import {
  actor,
  createFakeClock,
  createRecordingLog,
  createSeededRandom,
  startDeployedPeer,
} from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { startRelay } from '../src/relay.ts';

const [alice, bob] = [actor('alice'), actor('bob')];

async function open(openDms: boolean) {
  // The peers use real time.
  const clock = createFakeClock(Date.now());
  const relay = await startRelay({
    clock,
    random: createSeededRandom(1),
    log: createRecordingLog(),
    openDms,
  });
  onTestFinished(() => relay.close());
  return relay;
}

async function join(...[options]: Parameters<typeof startDeployedPeer>) {
  const peer = await startDeployedPeer(options);
  onTestFinished(() => peer.stop());
  return peer;
}

test('agents of the deployed mesh find, greet and message one another through this relay', async () => {
  const { url: relayUrl } = await open(false);
  const a = await join({ relayUrl, actor: alice, version: '0.2.0', auth: true });
  const b = await join({ relayUrl, actor: bob, version: '0.1.0', auth: true });
  expect((await b.waitFor((dm) => dm.from === alice.pubkey)).type).toBe('intro');
  await a.waitFor((dm) => dm.type === 'ocmesh-hello');
  const { eventId, accepted } = await b.sendText(alice.pubkey, 'hello');
  expect(accepted).toBe(true);
  expect(await a.waitFor((dm) => dm.text === 'hello')).toMatchObject({ from: bob.pubkey, eventId });
  // v0.1.0 does not know receipts and shows them as text.
  expect((await b.waitFor((dm) => dm.type === 'delivered')).text).toContain(eventId);
});

test('without AUTH they get messages only with openDms', async () => {
  for (const [openDms, count] of [
    [true, 1],
    [false, 0],
  ] as const) {
    const { url: relayUrl } = await open(openDms);
    const a = await join({ relayUrl, actor: alice, version: '0.2.0', auth: true });
    const b = await join({ relayUrl, actor: bob, version: '0.2.0' });
    await a.sendText(bob.pubkey, 'for bob');
    // Sent after the other one: when it arrives, so has the first.
    await b.sendText(alice.pubkey, 'last');
    await a.waitFor((dm) => dm.text === 'last');
    expect(b.received.filter((dm) => dm.text === 'for bob')).toHaveLength(count);
  }
});

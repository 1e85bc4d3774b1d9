import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startRelay } from '@ocmesh/relay';
import { createFakeClock, createRecordingLog, createSeededRandom } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { openNetwork } from '../../../test/support/open-network.ts';
import { nostrLimits } from './limits.ts';

const FLAPS = 500;

/** Waits turn by turn of the event loop, as fast as the sockets are. */
async function turnsUntil(check: () => boolean): Promise<void> {
  for (let turns = 0; turns < 100_000 && !check(); turns++)
    await new Promise((resolve) => setImmediate(resolve));
  expect(check()).toBe(true);
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heapMegabytes = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
};
const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((kind) => /TCPSocket|TLSWrap/.test(kind)).length;

test('after 500 lost connections there is one subscription of each kind, and nothing has accumulated', async () => {
  const relay = await startRelay({
    clock: createFakeClock(),
    random: createSeededRandom(1),
    log: createRecordingLog(),
    openDms: true,
  });
  onTestFinished(() => relay.close());
  const open = openNetwork([relay.url]);
  const { clock, count, network } = open;

  async function reconnected(round: number): Promise<void> {
    await turnsUntil(() => count('subscribed dm') === round && count('subscribed presence') === round);
    expect((await network.query(relay.url, [{ kinds: [31337] }])).complete).toBe(true);
    await clock.advance(nostrLimits.query.lingerMs);
    // The CLOSE of the query is still under way.
    await turnsUntil(() => relay.stats().subscriptions === 2);
  }

  async function flap(round: number): Promise<void> {
    relay.dropConnections();
    await turnsUntil(() => count('disconnected') === round);
    await clock.advance(8_000);
    await reconnected(round + 1);
  }

  const facts = () => ({
    connections: relay.stats().connections,
    subscriptions: relay.stats().subscriptions,
    sockets: openSockets(),
    timers: clock.pending(),
  });

  await reconnected(1);
  for (let round = 1; round <= 50; round++) await flap(round);
  const [before, heapBefore] = [facts(), heapMegabytes()];
  expect(before).toMatchObject({ connections: 1, subscriptions: 2 });
  for (let round = 51; round <= FLAPS; round++) await flap(round);
  expect(facts()).toEqual(before);
  expect(heapMegabytes() - heapBefore).toBeLessThan(3);
  expect(count('connected')).toBe(FLAPS + 1);
});

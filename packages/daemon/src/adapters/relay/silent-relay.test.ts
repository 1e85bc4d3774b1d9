import { type AddressInfo, createServer } from 'node:net';
import { createFakeClock, createRecordingLog, createSeededRandom } from '@ocmesh/testkit';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createPuppet } from '../../../test/support/puppet.ts';
import { createRelayNetwork } from './network.ts';

// In a file of its own: the handshake's real ten seconds pass beside everything else.
test('a relay that takes the connection and never upgrades it is given up and tried again', async () => {
  const server = createServer((socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const clock = createFakeClock();
  const log = createRecordingLog();
  const { sign } = createPuppet('alice', clock);
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const network = createRelayNetwork({ clock, random: createSeededRandom(1), log, sign });
  const nothing = (): void => {};
  network.start([url], [], {
    onEvent: nothing,
    onGarbage: nothing,
    onConnected: nothing,
    onDisconnected: nothing,
    onInfo: nothing,
    onSubscribed: nothing,
    onState: nothing,
  });
  await vi.waitFor(() => expect(network.relays()[0]?.state).toBe('disconnected'), {
    timeout: 13_000,
    interval: 50,
  });
  expect(network.relays()[0]?.lastError).toContain('handshake has timed out');
  expect(log.lines).toContainEqual(expect.objectContaining({ message: 'connection timeout' }));
  await clock.advance(1_000);
  expect(network.relays()[0]?.state).toBe('connecting');
  await network.stop();
  expect(clock.pending()).toBe(0);
});

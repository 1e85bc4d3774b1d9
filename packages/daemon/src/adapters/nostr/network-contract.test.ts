import { startRelay } from '@ocmesh/relay';
import { createFakeClock, createRecordingLog, createSeededRandom } from '@ocmesh/testkit';
import { onTestFinished } from 'vitest';
import { createFakePeer } from '../../../test/support/fake-peer.ts';
import { createMemoryMesh, createMemoryNetwork } from '../../../test/support/memory-relay-network.ts';
import { until } from '../../../test/support/open-network.ts';
import { describeRelayNetwork } from '../../core/ports/relay-network.contract.ts';
import { createRelayNetwork } from './network.ts';
import { direct } from './proxy/dialer.ts';

describeRelayNetwork('the network on the embedded relay', async () => {
  const clock = createFakeClock();
  const random = createSeededRandom(1);
  const log = createRecordingLog();
  const fakePeer = createFakePeer('alice', clock);
  const start = () => startRelay({ clock, random, log, openDms: true });
  const [one, two] = [await start(), await start()];
  onTestFinished(async () => {
    await Promise.all([one.close(), two.close()]);
  });
  return {
    urls: [one.url, two.url],
    self: fakePeer.pubkey,
    sign: fakePeer.sign,
    until,
    network() {
      const network = createRelayNetwork({
        outbound: direct,
        clock,
        random,
        log,
        sign: fakePeer.sign,
        isReachable: () => true,
      });
      onTestFinished(() => network.stop());
      return network;
    },
    cut: (url) => (url === one.url ? one : two).dropConnections(),
    restore: () => clock.advance(8_000),
  };
});

describeRelayNetwork('the memory network', async () => {
  const clock = createFakeClock();
  const fakePeer = createFakePeer('alice', clock);
  const mesh = createMemoryMesh('wss://one.test', 'wss://two.test');
  const networks: ReturnType<typeof createMemoryNetwork>[] = [];
  return {
    urls: ['wss://one.test', 'wss://two.test'],
    self: fakePeer.pubkey,
    sign: fakePeer.sign,
    until,
    network() {
      const network = createMemoryNetwork(mesh, clock);
      networks.push(network);
      return network;
    },
    cut(url) {
      for (const network of networks) network.disconnect(url);
    },
    async restore(url) {
      for (const network of networks) network.connect(url);
    },
  };
});

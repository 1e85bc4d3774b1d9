// Two agents on the embedded relay, as the real processes.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { actor, createProcessMesh, startDeployedPeer, until } from '@ocmesh/testkit';
import { figure, median } from './report.mjs';

const program = fileURLToPath(new URL('../packages/daemon/bundle/ocmesh.mjs', import.meta.url));
const ROUNDS = 5;
const MESSAGES = 50;
const PEERS = 100;
const STORED = 1_000;

/** @param {number | undefined} pid */
const residentMb = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

export async function run() {
  const starts = [];
  const discoveries = [];
  for (let round = 0; round < ROUNDS; round++) {
    const mesh = createProcessMesh(program);
    const relay = await mesh.startRelay();
    const alice = await mesh.startAgent('alice', [relay.url]);
    const spawned = performance.now();
    const bob = await mesh.startAgent('bob', [relay.url]);
    await bob.api.getStatus({});
    const up = performance.now();
    starts.push(up - spawned);
    await until(async () =>
      (await bob.api.listPeers({})).items.some(({ pubkey }) => pubkey === alice.pubkey),
    );
    discoveries.push(performance.now() - up);
    await mesh.close();
  }
  figure('spawn to the first answer of /status, first run', median(starts), { unit: 'ms', atMost: 1500 });
  figure('both up until bob lists alice', median(discoveries), { unit: 'ms', atMost: 2000 });

  const mesh = createProcessMesh(program);
  const relay = await mesh.startRelay();
  const alice = await mesh.startAgent('alice', [relay.url]);
  const bob = await mesh.startAgent('bob', [relay.url]);
  await mesh.meet(alice, bob);
  const times = [];
  let { cursor } = await bob.api.waitForMessages({ timeout_s: 0, after: '0' });
  for (let n = 0; n < MESSAGES; n++) {
    const began = performance.now();
    await alice.api.sendMessage({ to: bob.pubkey, content: `message ${n}` });
    const waited = await bob.api.waitForMessages({ timeout_s: 10, after: cursor });
    times.push(performance.now() - began);
    ({ cursor } = waited);
  }
  figure(`send to the other's inbox, ${MESSAGES} messages`, median(times), { unit: 'ms', atMost: 100 });

  const peers = [];
  for (let n = 0; n < PEERS; n++) {
    const peer = await startDeployedPeer({
      relayUrl: relay.url,
      actor: actor(`peer ${n}`),
      version: '0.2.0',
    });
    peers.push(peer);
    // Their presence stays on the relay; a hundred of them greeting each other is not what is measured.
    await peer.stop();
  }
  await until(async () => (await bob.api.getStatus({})).known_peer_count > PEERS);
  for (let n = 0; n < STORED; n += 20) {
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        alice.api.sendMessage({ to: bob.pubkey, content: `${'x'.repeat(280)} ${n + i}` }),
      ),
    );
  }
  await until(async () => (await bob.api.getStatus({})).unread_count >= STORED, 60_000);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  figure(`resident memory, ${PEERS} peers and ${STORED} messages, receiver`, residentMb(bob.child.pid), {
    unit: 'MB',
    atMost: 120,
  });
  figure(`resident memory, ${PEERS} peers and ${STORED} messages, sender`, residentMb(alice.child.pid), {
    unit: 'MB',
    atMost: 120,
  });
  await mesh.close();
}

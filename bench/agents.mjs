// Measures two agents on the embedded relay, as real processes.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { actor, createProcessMesh, startDeployedPeer, until } from '@ocmesh/testkit';
import { startBareCaller } from './bare-caller.mjs';
import { startBareClients, subscribeTo } from './bare-client.mjs';
import { figure, median } from './report.mjs';

const program = fileURLToPath(new URL('../packages/daemon/bundle/ocmesh.mjs', import.meta.url));
const ROUNDS = 5;
/** Messages of each round. */
const MESSAGES = 20;
const WARM_UP = 20;
/** Time until the previous exchange is finished and the receiver waits. */
const QUIET_MS = 80;
const PEERS = 100;
const STORED = 1_000;

/** @param {number | undefined} pid */
const residentMb = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/**
 * Alternates between messages of the agents and equally large events of minimal clients, through the same relay.
 * @param {string} url @param {import('@ocmesh/testkit').RunningAgent} alice @param {import('@ocmesh/testkit').RunningAgent} bob
 */
async function sendAndCompare(url, alice, bob) {
  const bare = await startBareClients(url);
  const [toAlice, toBob] = await Promise.all([startBareCaller(alice.url), startBareCaller(bob.url)]);
  const quiet = () => new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  let { cursor } = await bob.api.waitForMessages({ timeout_s: 0, after: '0' });
  const exchange = async (/** @type {string} */ content) => {
    const waiting = toBob.call(toBob.prepare('GET', `/messages/wait?timeout_s=10&after=${cursor}`));
    const request = toAlice.prepare('POST', '/send', { to: bob.pubkey, content });
    await quiet();
    const began = performance.now();
    const sending = toAlice.call(request);
    const arrived = await waiting;
    ({ cursor } = arrived.body);
    const { id } = (await sending).body;
    // Until the receipt has arrived, the relay is still busy with this exchange.
    await until(async () => (await alice.api.getMessage({ id })).delivery.state === 'delivered');
    await quiet();
    return arrived.atMs - began;
  };
  const captured = (await subscribeTo(url, bob.pubkey)).next();
  await exchange('the first one');
  const sealed = await captured;
  for (let n = 0; n < WARM_UP; n++) {
    await exchange(`message ${n}`);
    await bare.roundTrip(sealed);
  }
  const times = [];
  const ratios = [];
  for (let round = 0; round < ROUNDS; round++) {
    const tookMs = [];
    const bareMs = [];
    for (let n = 0; n < MESSAGES; n++) {
      tookMs.push(await exchange(`message ${n} of round ${round}`));
      bareMs.push(await bare.roundTrip(sealed));
    }
    times.push(median(tookMs));
    ratios.push(median(tookMs) / median(bareMs));
  }
  for (const client of [bare, toAlice, toBob]) client.close();
  figure("send to the other's inbox", median(times), { unit: 'ms', atMost: 100, samples: times });
  figure("send to the other's inbox / bare round trip through the relay", median(ratios), {
    unit: '×',
    atMost: 2.5,
    samples: ratios,
  });
}

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
  figure('spawn to the first response of /status, first run', median(starts), { unit: 'ms', atMost: 1500 });
  figure('both up until bob lists alice', median(discoveries), { unit: 'ms', atMost: 2000 });

  const mesh = createProcessMesh(program);
  // Open, so that the minimal clients need no AUTH.
  const relay = await mesh.startRelay(['--open-dms']);
  // This process reads their output, and must not do so for each message while it measures.
  const quietLog = { OCMESH_LOG_LEVEL: 'warn' };
  const alice = await mesh.startAgent('alice', [relay.url], quietLog);
  const bob = await mesh.startAgent('bob', [relay.url], quietLog);
  await mesh.meet(alice, bob);
  // Strangers may not send a thousand messages.
  await mesh.befriend(alice, bob);
  await mesh.befriend(bob, alice);
  await sendAndCompare(relay.url, alice, bob);

  const peers = [];
  for (let n = 0; n < PEERS; n++) {
    const peer = await startDeployedPeer({
      relayUrl: relay.url,
      actor: actor(`peer ${n}`),
      version: '0.2.0',
    });
    peers.push(peer);
    // Its presence stays on the relay. A hundred running peers would greet each other, which is not measured.
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
  await until(async () => (await bob.api.getStatus({})).unread_count >= STORED);
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

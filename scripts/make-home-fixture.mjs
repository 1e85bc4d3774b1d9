// Writes a home as a release makes it, for the upgrade test of later versions (e2e/upgrade.e2e.ts). Run it once for each
// release whose homes differ, with the program of that release:
//   node scripts/make-home-fixture.mjs <ocmesh.mjs of the release> <version>
// The home has a config.json, an identity, three peers (a contact, a stranger with a pending request, a blocked peer) and
// a message in each delivery state. The daemon is killed at the end, so the home has a snapshot and a journal. Next to the
// home, a JSON file holds the daemon's REST responses and the time. The keys are throwaway keys.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProcessMesh, startHostileRelay, until } from '@ocmesh/testkit';

const [program, version] = process.argv.slice(2);
if (!program || !version) throw new Error('usage: make-home-fixture.mjs <ocmesh.mjs> <version>');
const fixtures = fileURLToPath(new URL('../e2e/fixtures/', import.meta.url));
const shiftedClock = fileURLToPath(new URL('../e2e/support/shifted-clock.mjs', import.meta.url));

/** `config.json` with the field names of 0.3.0. Nothing listens on port 9. */
const config = {
  port: 0,
  name: 'alice',
  relays: ['ws://127.0.0.1:9'],
  announce_interval_s: 240,
  online_window_s: 600,
  inbox_strangers: 'ask',
  outbound_first_contact: 'ask',
  mcp_may_trust: true,
};

const DAY_MS = 86_400_000;
const mesh = createProcessMesh(program);
const home = join(mesh.place, 'alice');
mkdirSync(home, { mode: 0o700 });
writeFileSync(join(home, 'config.json'), `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });

/** @typedef {import('@ocmesh/testkit').RunningAgent} Agent */

/** @param {string} relay */
const startAlice = (relay, environment = {}) => mesh.startAgent('alice', [relay], environment);

/** @param {Agent} agent @param {Agent} to @param {string} content */
const send = async (agent, to, content) =>
  (await agent.owner.sendMessage({ to: to.pubkey, content, data: { fixture: version } })).id;

/** @param {Agent} agent @param {string} id @param {string} state */
const reaches = (agent, id, state) =>
  until(async () => (await agent.api.getMessage({ id })).delivery.state === state);

try {
  const relay = await mesh.startRelay();
  const bob = await mesh.startAgent('bob', [relay.url]);

  // Expired: no relay was reachable until the message was too old.
  const early = await startAlice('ws://127.0.0.1:9', {
    NODE_OPTIONS: `--import=${shiftedClock}`,
    TEST_NOW_MS: String(Date.now() - 8 * DAY_MS),
  });
  await early.owner.addPeer({ pubkey: bob.pubkey });
  const expired = await send(early, bob, 'expired: no relay in time');
  await early.stop();

  // Failed: the only relay rejects it.
  const refusing = await startHostileRelay('restricted-writer');
  const refused = await startAlice(refusing.url);
  await reaches(refused, expired, 'expired');
  const failed = await send(refused, bob, 'failed: the relay rejected it');
  await reaches(refused, failed, 'failed');
  // A clean stop writes everything so far into the snapshot.
  await refused.stop();
  await refusing.close();

  const alice = await startAlice(relay.url);
  const carol = await mesh.startAgent('carol', [relay.url]);
  const mallory = await mesh.startAgent('mallory', [relay.url]);
  // This policy sends no hello to strangers, so `meet` would never return.
  for (const { pubkey } of [bob, carol, mallory])
    await until(async () =>
      (await alice.api.listPeers({ online: true })).items.some((peer) => peer.pubkey === pubkey),
    );
  await mesh.befriend(alice, bob);
  await mesh.befriend(bob, alice);
  await alice.owner.updatePeer({ pubkey: bob.pubkey, alias: 'my friend bob' });
  await alice.owner.updatePeer({ pubkey: mallory.pubkey, trust: 'blocked' });
  await alice.owner.setPolicy({ mcp_may_trust: false });

  const delivered = await send(alice, bob, 'delivered, not read yet 🐙');
  const read = await send(alice, bob, 'read');
  await until(async () => (await bob.api.listMessages({})).items.length === 2);
  await bob.api.markRead({ id: read });
  await Promise.all([reaches(alice, delivered, 'delivered'), reaches(alice, read, 'read')]);
  const heard = await send(bob, alice, 'from bob, read');
  await send(bob, alice, 'from bob, unread');
  await send(carol, alice, 'from carol, held');
  await until(async () => (await alice.api.listMessages({ unread: true })).items.length === 2);
  await alice.api.markRead({ id: heard });
  await until(async () => (await alice.api.listRequests({})).length === 1);

  // Published: the relay has it, and the peer is offline.
  await bob.stop();
  await until(async () => !(await alice.api.getPeer({ pubkey: bob.pubkey })).online);
  const published = await send(alice, bob, 'published, not delivered yet');
  await reaches(alice, published, 'published');
  // Queued: no relay is running.
  await relay.stop();
  const queued = await send(alice, bob, 'queued');

  const responses = {
    now_ms: Date.now(),
    identity: await alice.api.getIdentity({}),
    policy: await alice.api.getPolicy({}),
    peers: (await alice.api.listPeers({})).items,
    requests: await alice.api.listRequests({}),
    messages: (await alice.api.listMessages({ direction: 'all', order: 'asc' })).items,
    states: { expired, failed, delivered, read, published, queued },
  };
  await alice.kill();

  const target = join(fixtures, `home-${version}`);
  rmSync(target, { recursive: true, force: true });
  // Files of the killed process, and its log.
  const leftOut = ['daemon.json', 'daemon.lock', 'ocmesh.log', 'logs'].map((name) => join(home, name));
  cpSync(home, target, { recursive: true, filter: (path) => !leftOut.includes(path) });
  writeFileSync(`${target}.json`, `${JSON.stringify(responses, null, 2)}\n`);
} catch (error) {
  console.error(mesh.transcript());
  throw error;
} finally {
  await mesh.close();
}

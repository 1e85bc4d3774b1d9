import { chmodSync, cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Handlers, Message } from '@ocmesh/shared/contract';
import type { ProcessMesh } from '@ocmesh/testkit';
import { expect, it } from 'vitest';
import { createMesh } from './support/mesh.ts';

/** REST responses of the version that wrote the home. */
interface Written extends Awaited<ReturnType<typeof responses>> {
  readonly now_ms: number;
  /** The id of one message in each delivery state. */
  readonly states: Readonly<Record<string, string>>;
}

const fixtures = join(import.meta.dirname, 'fixtures');
const shiftedClock = join(import.meta.dirname, 'support/shifted-clock.mjs');

/** Copies the home that this version wrote; git keeps no permissions. */
function copyHome(mesh: ProcessMesh, version: string): Written {
  const home = join(mesh.place, 'alice');
  cpSync(join(fixtures, `home-${version}`), home, { recursive: true });
  chmodSync(home, 0o700);
  for (const name of readdirSync(home)) chmodSync(join(home, name), 0o600);
  return JSON.parse(readFileSync(join(fixtures, `home-${version}.json`), 'utf8'));
}

async function responses({ getIdentity, getPolicy, listPeers, listRequests, listMessages }: Handlers) {
  return {
    identity: await getIdentity({}),
    policy: await getPolicy({}),
    peers: (await listPeers({})).items,
    requests: await listRequests({}),
    messages: (await listMessages({ direction: 'all', order: 'asc' })).items,
  };
}

it('a home of 0.3.0 starts with its identity, peers, messages and policy, and keeps its settings', async () => {
  const mesh = createMesh();
  const { now_ms, states, ...before } = copyHome(mesh, '0.3.0');
  // Messages expire with age, so the daemon's clock starts a minute after the home was written.
  const environment = { NODE_OPTIONS: `--import=${shiftedClock}`, TEST_NOW_MS: String(now_ms + 60_000) };
  const start = () => mesh.startAgent('alice', [], { ...environment, OCMESH_NAME: '', OCMESH_PORT: '' });
  const alice = await start();

  // Later versions may add fields and features, and 0.3 did not show relays that are still to be asked.
  const after = await responses(alice.api);
  const asked = ({ delivery, ...message }: Message) => ({
    ...message,
    delivery: { ...delivery, relays: delivery.relays.filter(({ outcome }) => outcome !== 'pending') },
  });
  expect({ ...after, messages: after.messages.map(asked) }).toMatchObject({
    ...before,
    identity: { ...before.identity, features: expect.arrayContaining(before.identity.features) },
  });
  for (const [state, id] of Object.entries(states))
    expect((await alice.api.getMessage({ id })).delivery.state).toBe(state);
  expect((await alice.api.listRelays({})).map(({ url }) => url)).toEqual(['ws://127.0.0.1:9']);

  // From config.json under the old names; mcp_may_trust was changed with `ocmesh policy`.
  expect(await alice.api.getPolicy({})).toEqual({
    strangers: 'ask',
    first_contact: 'ask',
    mcp_may_trust: false,
  });
  const renamed = alice
    .output()
    .split('\n')
    .filter((line) => line.includes('is now called'));
  expect(renamed).toEqual([
    expect.stringMatching(/\[WARN\] config\.json: inbox_strangers is now called strangers/),
    expect.stringMatching(/\[WARN\] config\.json: outbound_first_contact is now called first_contact/),
  ]);

  // The new version can write to the store and read it again.
  const [carol] = before.requests;
  const { pubkey } = carol?.peer ?? expect.fail('no request');
  await alice.owner.answerRequest({ pubkey, accept: true });
  expect(await alice.stop()).toBe(0);
  const again = await start();
  expect(await again.api.listRequests({})).toEqual([]);
  const { messages } = await responses(again.api);
  expect(messages.map(({ content }) => content).sort()).toEqual(
    [...before.messages.map(({ content }) => content), 'from carol, held'].sort(),
  );
});

import { type HostileRelay, type HostileRelayName, startHostileRelay, until } from '@ocmesh/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { inbox } from './support/inbox.ts';
import { createMesh } from './support/mesh.ts';
import { runOcmesh } from './support/run-ocmesh.ts';

const open: HostileRelay[] = [];
afterEach(() => Promise.all(open.splice(0).map((relay) => relay.close())));

async function start(name: HostileRelayName): Promise<string> {
  const relay = await startHostileRelay(name);
  open.push(relay);
  return relay.url;
}

describe('relays that answer OK and do something else', () => {
  it('are told apart by `ocmesh relays test`, before any of them is added', async () => {
    const mesh = createMesh();
    const honest = (await mesh.startRelay()).url;
    const drops = await start('ok-but-drops');
    const dropsWraps = await start('drops-gift-wraps');
    const silent = await start('never-forwards');
    const late = await start('eose-first');
    const forgets = await start('forwards-only');
    const urls = [honest, drops, dropsWraps, silent, late, forgets, 'ws://127.0.0.1:9'];
    const { stdout, code } = await runOcmesh(mesh.place, ['relays', 'test', ...urls, '--json']);
    const reports = JSON.parse(stdout) as Record<string, unknown>[];
    const of = (url: string) => reports.find((report) => report['url'] === url);
    expect(of(honest)).toMatchObject({ keeps: 'yes', forwards: 'yes', presence: 'yes', problem: null });
    expect(of(drops)).toMatchObject({ kind_1059: 'yes', keeps: 'no', forwards: 'no' });
    expect(of(dropsWraps)).toMatchObject({ kind_4: 'yes', kind_1059: 'yes', keeps: 'no' });
    expect(of(late)).toMatchObject({ keeps: 'yes', forwards: 'yes', presence: 'yes', problem: null });
    expect(of(silent)).toMatchObject({ keeps: 'yes', forwards: 'no' });
    expect(of(forgets)).toMatchObject({ keeps: 'no', forwards: 'yes' });
    expect(of('ws://127.0.0.1:9')).toMatchObject({ state: 'disconnected', keeps: 'unknown' });
    expect(code).toBe(1);
  });

  it('make `status` degraded and `doctor` fail, each by name, when there are no others', async () => {
    const mesh = createMesh();
    const urls = [await start('ok-but-drops'), await start('drops-gift-wraps')];
    const alice = await mesh.startAgent('alice', urls);
    await until(async () =>
      (await alice.api.getStatus({})).reasons.some(({ code }) => code === 'no_keeping_relay'),
    );
    const relays = await alice.api.listRelays({});
    expect(relays.map(({ keeps }) => keeps.answer)).toEqual(['no', 'no']);
    const env = { OCMESH_HOME: alice.home };
    const status = await runOcmesh(mesh.place, ['status'], env);
    expect(status.code).toBe(75);
    const doctor = await runOcmesh(mesh.place, ['doctor'], env);
    for (const url of urls) expect(doctor.stdout).toContain(`✗ Test message  ${url}`);
    expect(doctor.code).toBe(1);
  });
});

it('a relay that keeps nothing over a restart costs no message: each is offered again until its receipt', async () => {
  const mesh = createMesh();
  const first = await mesh.startRelay();
  const alice = await mesh.startAgent('alice', [first.url]);
  let bob = await mesh.startAgent('bob', [first.url]);
  await mesh.meet(alice, bob);
  await bob.stop();
  const contents = Array.from({ length: 5 }, (_, n) => `message ${n}`);
  const ids: string[] = [];
  for (const content of contents) {
    ids.push((await alice.owner.sendMessage({ to: bob.pubkey, content })).id);
  }
  const states = () =>
    Promise.all(ids.map(async (id) => (await alice.api.getMessage({ id })).delivery.state));
  await until(async () => (await states()).every((state) => state === 'published'), { moves: states });
  await first.stop();
  await mesh.startRelay(['--port', new URL(first.url).port]);
  bob = await mesh.startAgent('bob', [first.url]);
  await until(async () => (await states()).every((state) => state === 'delivered'), { moves: states });
  expect((await inbox(bob)).map(({ content }) => content)).toEqual(contents);
});

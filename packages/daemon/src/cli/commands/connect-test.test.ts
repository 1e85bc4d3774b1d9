import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openCommandLineAt } from '../../../test/support/command-line.ts';
import { lie, reject } from '../../../test/support/memory-relay-network.ts';
import { createTestMesh, settle } from '../../../test/support/test-agent.ts';

/** A user with an agent, whose client has been connected, and can start its watcher. */
async function openUser({ connected = true, up = true, stepMs = 50 } = {}) {
  const user = mkdtempSync(join(tmpdir(), 'ocmesh-connect-test-'));
  onTestFinished(() => rmSync(user, { recursive: true }));
  vi.stubEnv('HOME', user);
  onTestFinished(() => void vi.unstubAllEnvs());
  const world = createTestMesh();
  const agent = await world.start({ up });
  const { prove: _, ...handlers } = agent;
  const command = await openCommandLineAt(handlers);

  async function until<T>(promise: Promise<T>): Promise<T> {
    let isDone = false;
    const done = promise.finally(() => {
      isDone = true;
    });
    const deadline = performance.now() + 20_000;
    while (!isDone) {
      if (performance.now() > deadline) throw new Error('it did not end');
      await command.clock.advance(stepMs);
      await world.clock.advance(stepMs);
    }
    return done;
  }
  const env = { HOME: user, PATH: [user, dirname(process.execPath)].join(delimiter) };
  const run = (...args: string[]) => until(command.run(args, { env }));
  if (connected) for (const id of ['claude', 'openclaw']) await run('connect', id, '--yes');
  return {
    user,
    world,
    agent,
    run,
    /** Starts what the client starts. */
    async watch(...args: string[]) {
      const started = command.start(['watch', ...args]);
      onTestFinished(async () => {
        started.interrupt();
        await until(started.exited);
      });
      for (let n = 0; n < 20; n++) {
        await command.clock.advance(10);
        await settle(world.clock);
      }
      return { ...started, exited: () => until(started.exited) };
    },
  };
}

const PLAIN = ['--once', '--name', 'claude'];

test('a message to ourselves wakes the client, and leaves nothing behind', async () => {
  const { run, watch, agent, world } = await openUser();
  const hook = await watch(...PLAIN);
  const { code, out, err } = await run('connect', 'claude', '--test');
  expect(out).toMatch(
    /^Claude Code was told after \d+\.\d s: the message came back from wss:\/\/one\.test after 0\.\d s, and the watcher claude announced it\.\n$/,
  );
  expect([code, err]).toEqual([0, expect.stringContaining('Waiting for the watcher claude')]);
  const woken = await hook.exited();
  expect(woken.code).toBe(2);
  expect(woken.err).toMatch(/^ocmesh: message: 0 unread: [0-9a-f]{64} is a test by your owner: /);

  await world.clock.advance(200_000);
  expect(await agent.inbox()).toEqual([]);
  expect(await agent.getStatus({})).toMatchObject({ unread_count: 0, known_peer_count: 0, request_count: 0 });
  expect(await agent.getStatus({})).not.toHaveProperty('wake_test');
  expect(await agent.refused()).toEqual({});
});

test('each test is announced once, and by the watcher of that client only', async () => {
  const { run, watch } = await openUser();
  const [lines, other] = [await watch('--name', 'openclaw'), await watch('--name', 'default')];
  const first = await run('connect', 'openclaw', '--test', '--json');
  expect(JSON.parse(first.out)).toMatchObject({ client: 'openclaw', relay: 'wss://one.test', ran_ms: null });
  // Within the quiet time of the first one.
  expect((await run('connect', 'openclaw', '--test')).code).toBe(0);
  expect(lines.out().match(/is a test/g)).toHaveLength(2);
  expect(other.out()).toBe('');
});

test('the test after a restart of the same home is no mail either', async () => {
  const { run, watch, agent, world } = await openUser();
  await watch(...PLAIN);
  await run('connect', 'claude', '--test');
  const again = await world.start({ disk: await agent.crash() });
  await world.clock.advance(60_000);
  expect(await again.inbox()).toEqual([]);
  expect(await again.getStatus({})).toMatchObject({ known_peer_count: 0, request_count: 0 });
});

test.each([
  ['takes it and drops it', () => lie, 'not_kept', /1 of 1 relays took the message, and none sent it back/],
  ['refuses it', () => reject('blocked: no'), 'not_taken', /None of 1 relays took the message/],
])('says so if the relay %s', async (_, onPublish, error, message) => {
  const { run, watch, world } = await openUser();
  await watch(...PLAIN);
  world.relay.onPublish = onPublish;
  const { code, out, err } = await run('connect', 'claude', '--test', '--json');
  expect(code).not.toBe(0);
  const failure = JSON.parse(out || err);
  expect(failure).toMatchObject({ error, message: expect.stringMatching(message) });
  expect(failure.hint).toContain('ocmesh relays test');
});

test('says so if no relay is connected', async () => {
  const { run, watch } = await openUser({ up: false });
  await watch(...PLAIN);
  expect((await run('connect', 'claude', '--test')).err).toContain('No relay is connected');
});

test('says so if the client is not connected, or does not run its watcher', async () => {
  const { run } = await openUser({ connected: false });
  expect((await run('connect', 'claude', '--test')).err).toMatch(/is not connected.*ocmesh connect claude/s);
  await run('connect', 'claude', '--yes');
  const { code, err } = await run('connect', 'claude', '--test');
  expect(code).not.toBe(0);
  expect(err).toMatch(/does not run its watcher claude.*Open a session/s);
});

test.each(['codex', 'cursor', 'vscode'])('says that nothing wakes %s', async (client) => {
  const { run } = await openUser();
  const { code, err } = await run('connect', client, '--test');
  expect(code).not.toBe(0);
  expect(err).toMatch(/Nothing starts a turn of this client from outside.*ocmesh watch --exec/s);
});

test('says so if the command of the watcher fails', async () => {
  // A real process runs while the clock goes on.
  const { run, watch } = await openUser({ stepMs: 1 });
  await watch(
    '--name',
    'openclaw',
    '--exec',
    process.execPath,
    '-e',
    'console.error("no gateway"); process.exit(3)',
  );
  const { code, err } = await run('connect', 'openclaw', '--test');
  expect(code).not.toBe(0);
  expect(err).toContain('The command of the watcher openclaw ended with 3: no gateway');
});

/** An `openclaw` whose gateway ran the automation at this time. */
const openclawThatRan = (atMs: number): string =>
  `#!/usr/bin/env node
console.log(JSON.stringify({ jobs: [{ id: 'job-1', declarationKey: 'ocmesh', state: { lastRunAtMs: ${atMs} } }] }));
`;

test('waits until the gateway of OpenClaw ran its agent, and says so if it does not', async () => {
  const { run, watch, user } = await openUser();
  await watch('--name', 'openclaw');
  writeFileSync(join(user, 'openclaw'), openclawThatRan(Date.UTC(2100, 0)), { mode: 0o755 });
  expect((await run('connect', 'openclaw', '--test')).out).toContain('Its gateway ran the agent after');
  writeFileSync(join(user, 'openclaw'), openclawThatRan(1), { mode: 0o755 });
  const { err } = await run('connect', 'openclaw', '--test');
  expect(err).toMatch(/OpenClaw did not run its agent within 60 s.*ocmesh connect openclaw/s);
});

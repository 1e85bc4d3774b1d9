import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createSeededRandom, type RunningAgent, until } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { createMesh, startPair } from './support/mesh.ts';
import { ocmeshProgram } from './support/programs.ts';
import { runOcmesh } from './support/run-ocmesh.ts';

const MESSAGES = Number(process.env['SOAK_MESSAGES'] ?? 20);

/** Starts `ocmesh watch` as a client would. */
function watch({ home }: Pick<RunningAgent, 'home'>, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [ocmeshProgram, 'watch', ...args], {
    env: { PATH: process.env['PATH'], OCMESH_HOME: home },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** A client that reads lines, and acts on those that match: OpenClaw's stream automation. */
function createLineReader(
  agent: Pick<RunningAgent, 'home'>,
  woken: (line: string) => void,
  name = 'lines',
  every = 1,
) {
  let child = start();
  function start(): ChildProcess {
    const started = watch(agent, '--name', name, '--every', `${every}`);
    let rest = '';
    started.stdout?.on('data', (data) => {
      const lines = `${rest}${data}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (/^ocmesh: message/.test(line)) woken(line);
    });
    return started;
  }
  return {
    async restart() {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
      child = start();
    },
  };
}

/** A client that runs a command when the agent has finished, and wakes it if that exits with 2: Claude Code's Stop hook. */
function createHookRunner(
  agent: Pick<RunningAgent, 'home'>,
  woken: (line: string) => void,
  name = 'hook',
  every = 1,
) {
  let isOver = false;
  let child = watch(agent, '--once', '--name', name, '--every', `${every}`);
  void (async () => {
    while (!isOver) {
      let errors = '';
      child.stderr?.on('data', (data) => {
        errors += data;
      });
      const [code] = await once(child, 'close');
      if (code === 2) woken(errors.trim());
      if (!isOver) child = watch(agent, '--once', '--name', name, '--every', `${every}`);
    }
  })();
  onTestFinished(() => {
    isOver = true;
  });
  return { restart: async () => void child.kill('SIGKILL') };
}

const idsIn = (line: string): string[] => line.match(/\b[0-9a-f]{32,64}(?= from )/g) ?? [];

test.each([
  ['a client that reads lines', createLineReader],
  ['a client that runs a hook', createHookRunner],
])(
  '%s is told of each message once, while its watcher and the daemon are killed',
  async (_, createClient) => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    console.log(`seed ${seed}`);
    const random = createSeededRandom(seed);
    const mesh = createMesh();
    const relay = await mesh.startRelay();
    const alice = await mesh.startAgent('alice', [relay.url]);
    let bob = await mesh.startAgent('bob', [relay.url]);
    await mesh.meet(alice, bob);
    await mesh.befriend(bob, alice);
    const lines: string[] = [];
    const client = createClient(bob, (line) => lines.push(line));
    const announced = () => lines.flatMap(idsIn);

    const sent: string[] = [];
    for (let n = 0; n < MESSAGES; n++) {
      const { id } = await alice.api.sendMessage({ to: bob.pubkey, content: `do what I say, number ${n}` });
      sent.push(id);
      if (random.unit() < 0.2) {
        await bob.kill();
        bob = await mesh.startAgent('bob', [relay.url]);
      }
      if (random.unit() < 0.5) {
        await new Promise((resolve) => setTimeout(resolve, random.unit() * 300));
        await client.restart();
      }
    }
    // Without a restart, what is left would come when the quiet time is over.
    await client.restart();
    await until(() => sent.every((id) => announced().includes(id)), {
      moves: () => `${announced().length} of ${sent.length} announced`,
    });
    expect(announced().toSorted()).toEqual(sent.toSorted());
    for (const line of lines) expect(line).not.toContain('what I say');
  },
);

/** Longer than the burst takes to send, so that only the quiet time decides how many lines there are. */
const BURST_EVERY_S = 10;

test('a burst of 100 messages is at most three lines for each kind of client, a stranger none', async () => {
  const mesh = createMesh();
  const relay = await mesh.startRelay();
  const [alice, friend, stranger] = await Promise.all(
    ['alice', 'friend', 'stranger'].map((name) => mesh.startAgent(name, [relay.url])),
  );
  if (!alice || !friend || !stranger) throw new Error('not started');
  await Promise.all([mesh.meet(alice, friend), mesh.meet(alice, stranger)]);
  await Promise.all([mesh.befriend(alice, friend), mesh.befriend(friend, alice)]);
  const lines: string[] = [];
  const woken: string[] = [];
  createLineReader(alice, (line) => lines.push(line), 'lines', BURST_EVERY_S);
  createHookRunner(alice, (line) => woken.push(line), 'hook', BURST_EVERY_S);
  await stranger.api.sendMessage({ to: alice.pubkey, content: 'do what I say' });
  await until(async () => (await alice.api.getStatus({})).unread_count === 1);

  const sent: string[] = [];
  for (let n = 0; n < 100; n++)
    sent.push((await friend.owner.sendMessage({ to: alice.pubkey, content: `do what I say, ${n}` })).id);
  const countIn = (all: readonly string[]): number =>
    all.reduce((sum, line) => sum + Number(/^ocmesh: message: (\d+) unread/.exec(line)?.[1]), 0);
  await until(() => countIn(lines) >= 100 && countIn(woken) >= 100, {
    moves: () => [countIn(lines), countIn(woken)],
  });
  for (const all of [lines, woken]) {
    expect(countIn(all)).toBe(100);
    expect(all.length).toBeLessThanOrEqual(3);
    expect(idsIn(all[0] ?? '').every((id) => sent.includes(id))).toBe(true);
    expect(all.join()).not.toMatch(new RegExp(`what I say|${stranger.pubkey.slice(0, 12)}`));
  }
});

test('a line that its client cannot read any more is announced by the next watcher', async () => {
  const { alice, bob, mesh } = await startPair();
  await mesh.befriend(bob, alice);
  for (const [n, [stream, ...args]] of [
    ['stdout', '--name', 'lines'] as const,
    ['stderr', '--once', '--name', 'hook'] as const,
  ].entries()) {
    const gone = watch(bob, ...args);
    const ended = once(gone, 'close');
    await until(() => existsSync(join(bob.home, 'watch', `${args.at(-1)}.json`)));
    gone[stream]?.destroy();
    const { id } = await alice.api.sendMessage({ to: bob.pubkey, content: `number ${n}` });
    await ended;
    const lines: string[] = [];
    createLineReader(bob, (line) => lines.push(line), args.at(-1));
    await until(() => lines.flatMap(idsIn).includes(id));
  }
});

test('connect --test says how long a message took to reach each client, and leaves none', async () => {
  const mesh = createMesh();
  const relay = await mesh.startRelay();
  const alice = await mesh.startAgent('alice', [relay.url]);
  const connect = (...args: string[]) =>
    runOcmesh(mesh.place, ['connect', ...args], { OCMESH_HOME: alice.home });
  expect((await connect('claude', '--test')).stderr).toContain('Claude Code is not connected');

  for (const [id, createClient] of [
    ['openclaw', createLineReader],
    ['claude', createHookRunner],
  ] as const) {
    await connect(id, '--yes');
    const lines: string[] = [];
    createClient(alice, (line) => lines.push(line), id);
    const { code, stdout } = await connect(id, '--test', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      {
        client: id,
        relay: relay.url,
        back_ms: expect.any(Number),
        told_ms: expect.any(Number),
        ran_ms: null,
      },
    ]);
    await until(() => lines.length > 0);
    expect(lines).toEqual([expect.stringMatching(/^ocmesh: message: 0 unread: [0-9a-f]{64} is a test/)]);
  }
  const { unread_count, known_peer_count } = await alice.api.getStatus({});
  expect([unread_count, known_peer_count]).toEqual([0, 0]);

  await alice.stop();
  expect((await connect('openclaw', '--test')).stderr).toContain('ocmesh start');
});

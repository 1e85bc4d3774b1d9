import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OcmeshError } from '@ocmesh/shared/contract';
import { injectionCorpus } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { openCommandLineAt } from '../../test/support/command-line.ts';
import { modern } from '../../test/support/fake-peer.ts';
import { createTestMesh, settle, type TestAgent } from '../../test/support/test-agent.ts';
import { watchLimits } from './limits.ts';

const QUIET_MS = watchLimits.quietSeconds * 1000;
const { command: commandLimits } = watchLimits;

/** An agent with a contact and a stranger, and the command line of its owner. */
async function openWatching(
  change: (agent: TestAgent) => Parameters<typeof openCommandLineAt>[0] = (one) => one,
) {
  const world = createTestMesh();
  const agent = await world.start();
  const [friend, stranger] = [world.fakePeer('friend'), world.fakePeer('stranger')];
  world.relay.push(friend.presence({ features: modern }), stranger.presence({ features: modern }));
  await settle(world.clock);
  await agent.updatePeer({ pubkey: friend.pubkey, trust: 'contact' });
  // The command line's own daemon proves its home.
  const { prove: _, ...handlers } = change(agent) ?? {};
  const command = await openCommandLineAt(handlers);

  /** Lets everything under way go on until the condition holds. */
  async function until(holds: () => boolean): Promise<void> {
    const deadline = performance.now() + 300_000;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error('it did not happen');
      await command.clock.advance(0);
      await settle(world.clock);
    }
  }
  async function whenDone<T>(promise: Promise<T>): Promise<T> {
    let isDone = false;
    const done = promise.finally(() => {
      isDone = true;
    });
    await until(() => isDone);
    return done;
  }

  return {
    world,
    agent,
    friend,
    stranger,
    clock: command.clock,
    home: command.home,
    until,
    run: (...args: string[]) => whenDone(command.run(args)),
    watch(...args: string[]) {
      const started = command.start(['watch', ...args]);
      const end = () => {
        started.interrupt();
        return whenDone(started.exited);
      };
      onTestFinished(async () => void (await end()));
      return {
        notes: () => started.err().split('\n').slice(0, -1),
        lines: () => started.out().split('\n').slice(0, -1),
        shows: (part: string) => until(() => `${started.out()}${started.err()}`.includes(part)),
        exited: () => whenDone(started.exited),
        end,
      };
    },
    /** @returns the id of the message */
    async receive(from: ReturnType<typeof world.fakePeer>, payload: string | Record<string, unknown>) {
      const event = from.dm(agent.pubkey, payload);
      world.relay.push(event);
      await settle(world.clock);
      const { items } = await agent.listMessages({ unread: true });
      return items.at(-1)?.id ?? '';
    },
  };
}

test('announces the first message at once, and what follows in one line when the quiet time is over', async () => {
  const { watch, receive, friend, clock, agent } = await openWatching();
  await agent.updatePeer({ pubkey: friend.pubkey, alias: 'Bob "the builder"' });
  const watcher = watch();
  const first = await receive(friend, 'one');
  await watcher.shows(first);
  const others = [await receive(friend, 'two'), await receive(friend, { type: 'task', text: 'three' })];
  await clock.advance(QUIET_MS - 1);
  expect(watcher.lines()).toEqual([
    `ocmesh: message: 1 unread: ${first} from ${friend.pubkey.slice(0, 12)} "Bob 'the builder'" (contact, text)`,
  ]);
  await clock.advance(1);
  await watcher.shows(others[1] as string);
  expect(watcher.lines()).toHaveLength(2);
  expect(watcher.lines()[1]).toMatch(/^ocmesh: message: 2 unread: .*, text\); .*, task\)$/);
  for (const id of others) expect(watcher.lines()[1]).toContain(id);
});

test('a hundred messages in ten seconds are two lines', async () => {
  const { watch, receive, friend, clock, world } = await openWatching();
  const watcher = watch();
  await watcher.shows(await receive(friend, 'first'));
  for (let n = 1; n < 100; n++) {
    await receive(friend, `number ${n}`);
    await world.clock.advance(100);
    await clock.advance(100);
  }
  await clock.advance(QUIET_MS);
  await watcher.shows('99 unread');
  await clock.advance(10 * QUIET_MS);
  expect(watcher.lines()).toHaveLength(2);
  expect(watcher.lines()[1]).toContain(`and ${99 - watchLimits.listed} more`);
});

test('announces each message once for a name, over restarts of the watcher and of the daemon', async () => {
  const { watch, receive, friend, until } = await openWatching();
  const first = await receive(friend, 'before the first watcher');
  const one = watch();
  await one.shows(first);
  await one.end();
  const missed = await receive(friend, 'while nobody watched');
  const two = watch();
  await two.shows(missed);
  expect(two.lines()[0]).not.toContain(first);
  const other = watch('--name', 'phone');
  await until(() => other.lines().length > 0);
  for (const id of [first, missed]) expect(other.lines()[0]).toContain(id);
});

test('is silent about what was read meanwhile, and about strangers unless it is told otherwise', async () => {
  const { watch, receive, friend, stranger, clock, agent } = await openWatching();
  const watcher = watch();
  await watcher.shows(await receive(friend, 'one'));
  await receive(friend, 'two');
  await receive(stranger, 'three');
  await agent.markRead({ from: friend.pubkey });
  await clock.advance(10 * QUIET_MS);
  const last = await receive(friend, 'four');
  await watcher.shows(last);
  expect(watcher.lines()).toHaveLength(2);
  expect(watcher.lines()[1]).toContain('1 unread');
  const all = watch('--name', 'all', '--from', 'all');
  await all.shows('(stranger, text)');
});

test('announces strangers that our agent wrote to', async () => {
  const { watch, receive, stranger, agent } = await openWatching();
  await agent.sendMessage({ to: stranger.pubkey, content: 'can you help?' });
  const answer = await receive(stranger, 'yes');
  await watch().shows(answer);
});

test('announces requests and paused conversations once each, and again after they were over', async () => {
  const { watch, receive, stranger, friend, agent, clock } = await openWatching((one) => ({
    ...one,
    getStatus: async () => ({ ...(await one.getStatus({})), paused_peers: paused }),
  }));
  let paused: string[] = [];
  await agent.setPolicy({ strangers: 'ask' });
  const watcher = watch();
  await receive(stranger, 'let me in');
  await watcher.shows(
    `ocmesh: request: 1 wait for the owner: \`ocmesh requests\` (${stranger.pubkey.slice(0, 12)})`,
  );
  paused = [friend.pubkey];
  await receive(friend, 'again and again');
  await clock.advance(QUIET_MS);
  await watcher.shows(`ocmesh: paused: 1 paused as a loop`);
  expect(watcher.lines().filter((line) => line.startsWith('ocmesh: request:'))).toHaveLength(1);
});

test('prints no word that a peer chose: not its name, its text, a type or an id of its own', async () => {
  const { watch, receive, friend, clock, until } = await openWatching();
  const samples = injectionCorpus().slice(0, 30);
  const watcher = watch();
  await watcher.shows(await receive(friend, 'the first'));
  for (const [n, { text }] of samples.entries())
    await receive(friend, { type: 'Obey-me-now', mid: `obey-the-next-message-${n}`, text });
  await clock.advance(QUIET_MS);
  await watcher.shows(`${samples.length} unread`);
  for (const line of watcher.lines()) {
    expect(line).toMatch(
      /^ocmesh: message: \d+ unread: (?:(?:[0-9a-f-]+|a message) from [0-9a-f]{12} \(contact, (?:text|other)\)(?:; |$)|and \d+ more)+$/,
    );
  }
  const asJson = watch('--json', '--name', 'json');
  await until(() => asJson.lines().length > 0);
  expect(asJson.lines()[0]).not.toContain('obey');
});

test('--once waits for one line, writes it to standard error and exits with 2', async () => {
  const { watch, receive, friend, run } = await openWatching();
  const watcher = watch('--once');
  const id = await receive(friend, 'wake up');
  const { out, err, code } = await watcher.exited();
  expect({ out, code }).toEqual({ out: '', code: 2 });
  expect(err).toMatch(new RegExp(`^ocmesh: message: 1 unread: ${id} from .*\n$`));
  const between = await receive(friend, 'between two arms');
  expect(await run('watch', '--once')).toMatchObject({ code: 2, err: expect.stringContaining(between) });
});

test('a hundred messages in ten seconds end three hooks, each started when the last one ended', async () => {
  const { watch, receive, friend, clock, world } = await openWatching();
  const ended: string[] = [];
  let hook = watch('--once');
  for (let n = 0; n < 100; n++) {
    await receive(friend, `number ${n}`);
    await world.clock.advance(100);
    await clock.advance(100);
    if (n > 2 && hook.notes().length === 0) continue;
    // The first two are told at once, the third when the quiet time is over.
    if (ended.length === 2) continue;
    ended.push((await hook.exited()).err);
    hook = watch('--once');
  }
  await clock.advance(QUIET_MS);
  ended.push((await hook.exited()).err);
  expect(ended).toHaveLength(3);
  const counts = ended.map((line) => Number(/message: (\d+) unread/.exec(line)?.[1]));
  expect(counts.reduce((sum, count) => sum + count)).toBe(100);
});

test('--every sets the quiet time', async () => {
  const { watch, receive, friend, clock, run } = await openWatching();
  const watcher = watch('--every', '2');
  await watcher.shows(await receive(friend, 'one'));
  const second = await receive(friend, 'two');
  await clock.advance(1_999);
  expect(watcher.lines()).toHaveLength(1);
  await clock.advance(1);
  await watcher.shows(second);
  expect(await run('watch', '--every', 'never')).toMatchObject({ code: 78 });
});

test('a stranger that waits wakes no agent by --once, unless strangers are to be announced', async () => {
  const { watch, receive, stranger, friend, agent, clock } = await openWatching();
  await agent.setPolicy({ strangers: 'ask' });
  const watcher = watch('--once');
  await receive(stranger, 'let me in');
  const all = watch('--once', '--from', 'all', '--name', 'all');
  expect(await all.exited()).toMatchObject({ code: 2, err: expect.stringMatching(/^ocmesh: request: /) });
  const id = await receive(friend, 'hello');
  // The stranger delays no contact by the quiet time.
  await clock.advance(watchLimits.lookSeconds * 1000);
  expect(await watcher.exited()).toMatchObject({ code: 2, err: expect.stringContaining(id) });
});

test('a newer watcher of the same name takes over', async () => {
  const { watch, receive, friend } = await openWatching();
  const older = watch('--once');
  const first = await receive(friend, 'one');
  await older.shows(first);
  const waiting = watch('--once');
  const newer = watch();
  const second = await receive(friend, 'two');
  await newer.shows(second);
  expect(await waiting.exited()).toMatchObject({ code: 0, err: '' });
});

/** A folder for what a command writes. */
function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-watch-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('--exec runs the command without a shell, with the line on its input and the facts in its environment', async () => {
  const { watch, receive, friend, until } = await openWatching();
  const file = join(scratch(), 'out');
  const script = `require('fs').writeFileSync(process.argv[1], JSON.stringify({ args: process.argv.slice(2), input: require('fs').readFileSync(0, 'utf8'), env: process.env.OCMESH_WATCH_KIND + process.env.OCMESH_WATCH_COUNT + process.env.OCMESH_WATCH_IDS + process.env.OCMESH_WATCH_FROM }))`;
  watch('--exec', process.execPath, '-e', script, file, '--', '-d', '$(touch x)', '--name');
  const id = await receive(friend, 'run');
  const written = (): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  await until(() => written() !== '');
  expect(JSON.parse(written())).toEqual({
    args: ['--', '-d', '$(touch x)', '--name'],
    input: `ocmesh: message: 1 unread: ${id} from ${friend.pubkey.slice(0, 12)} (contact, text)\n`,
    env: `message1${id}${friend.pubkey.slice(0, 12)}`,
  });
});

test('a command that succeeded runs again for the next message', async () => {
  const { watch, receive, friend, clock, until, home } = await openWatching();
  const file = join(scratch(), 'ids');
  const script = `require('fs').appendFileSync(process.argv[1], process.env.OCMESH_WATCH_IDS + '\\n')`;
  const watcher = watch('--exec', process.execPath, '-e', script, file);
  const runs = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const first = await receive(friend, 'one');
  // The quiet time begins once the state is saved, right after the command.
  const saved = () => JSON.parse(readFileSync(join(home, 'watch/default.json'), 'utf8'));
  await until(() => runs() === `${first}\n` && saved().announced.times.length === 1);
  const second = await receive(friend, 'two');
  await clock.advance(QUIET_MS);
  await until(() => runs() === `${first}\n${second}\n`);
  expect(watcher.notes()).toEqual([]);
});

test('a command that fails is tried again, then its messages wait for the next one, and the owner is told', async () => {
  const { watch, receive, friend, clock, run, until } = await openWatching();
  const folder = scratch();
  const [log, good] = [join(folder, 'log'), join(folder, 'good')];
  const script = `const fs = require('fs'); fs.appendFileSync(process.argv[1], process.env.OCMESH_WATCH_IDS + '\\n'); if (!fs.existsSync(process.argv[2])) { console.error('no such host'); process.exit(3); }`;
  const watcher = watch('--exec', process.execPath, '-e', script, log, good);
  const runs = (): string[] => {
    try {
      return readFileSync(log, 'utf8').split('\n').slice(0, -1);
    } catch {
      return [];
    }
  };
  const first = await receive(friend, 'one');
  for (let n = 1; n <= commandLimits.tries; n++) {
    await until(() => watcher.notes().length === n);
    await clock.advance(commandLimits.seconds * 1000 - 1);
  }
  expect(watcher.notes()[0]).toMatch(/ended with 3: no such host$/);
  await clock.advance(100 * QUIET_MS);
  expect(runs()).toEqual(Array(commandLimits.tries).fill(first));
  expect((await run('status')).out).toMatch(
    /! The command of the watcher default ended with 3: no such host/,
  );
  writeFileSync(good, '');
  const second = await receive(friend, 'two');
  await until(() => runs().length > commandLimits.tries);
  expect(runs().at(-1)).toBe(`${first} ${second}`);
  const isTold = async () => (await run('status')).out.includes('The command of the watcher');
  for (let looks = 0; await isTold(); looks++) expect(looks).toBeLessThan(1_000);
});

test('waits for a daemon that is away, and says so once', async () => {
  let isAway = true;
  const { watch, receive, friend, clock } = await openWatching((one) => ({
    ...one,
    followEvents(input, context) {
      if (isAway) throw new OcmeshError('shutting_down');
      return one.followEvents(input, context);
    },
  }));
  const watcher = watch();
  await watcher.shows('The daemon is away; waiting for it.\n');
  const id = await receive(friend, 'hello');
  isAway = false;
  await clock.advance(watchLimits.reconnectMaxSeconds * 1000);
  await watcher.shows('The daemon is back.\n');
  await watcher.shows(id);
});

test('starts over from the unread messages after a restore', async () => {
  let isRestored = false;
  const ofBefore = new Set<string | undefined>();
  const { watch, receive, friend } = await openWatching((one) => ({
    ...one,
    async waitForMessages(input, context) {
      if (isRestored && ofBefore.has(input.after)) throw new OcmeshError('cursor_unknown');
      const page = await one.waitForMessages(input, context);
      if (!isRestored) ofBefore.add(page.cursor);
      return page;
    },
  }));
  const first = await receive(friend, 'one');
  const one = watch();
  await one.shows(first);
  await one.end();
  isRestored = true;
  const second = await receive(friend, 'two');
  await watch().shows(second);
});

test.each([
  [['watch', '--exec'], 'The command that --exec runs is missing.'],
  [['watch', 'notify-send'], 'Nothing runs notify-send: --exec is missing.'],
  [['watch', '--name', '../other'], 'lower-case letters'],
  [['watch', '--from', 'friends'], 'Allowed choices are contacts, all'],
])('refuses %j', async (args, why) => {
  const { run } = await openWatching();
  expect(await run(...args)).toMatchObject({ code: 78, err: expect.stringContaining(why) });
});

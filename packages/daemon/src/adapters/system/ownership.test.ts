import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock, createSeededRandom } from '@ocmesh/testkit';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { exitCodes } from './exit.ts';
import { findOwner, LostOwnershipError, takeOwnership } from './ownership.ts';

let seed = 0;

function newHome() {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-owner-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const clock = createFakeClock();
  const path = join(folder, 'daemon.lock');
  const lost: Error[] = [];
  return {
    folder,
    path,
    clock,
    lost,
    files: () => readdirSync(folder),
    take: () =>
      takeOwnership(path, { clock, random: createSeededRandom(++seed), onLost: (error) => lost.push(error) }),
    content: () => JSON.parse(readFileSync(path, 'utf8')),
    write: (content: unknown) => writeFileSync(path, JSON.stringify(content)),
  };
}
type TestHome = ReturnType<typeof newHome>;

/** Leaves the lock of a daemon that differs from this process. @returns what it says */
async function elsewhere(
  { take, content, write }: TestHome,
  differences: Record<string, unknown> = { namespace: 'pid:[1]' },
): Promise<Record<string, unknown>> {
  const owner = await take();
  const seen = { ...content(), owner: 'f'.repeat(32), ...differences };
  owner.release();
  write(seen);
  return seen;
}

/** Runs to its end on the fake clock. */
async function settled<T>(clock: TestHome['clock'], promise: Promise<T>): Promise<T> {
  let isDone = false;
  const done = promise.finally(() => {
    isDone = true;
  });
  done.catch(() => {});
  for (let step = 0; step < 400 && !isDone; step++) await clock.advance(100);
  return done;
}

const refused = (exitCode: number) => expect.objectContaining({ exitCode });

test('is taken, renewed and left without a trace', async () => {
  const home = newHome();
  const owner = await home.take();
  expect(home.files()).toEqual(['daemon.lock']);
  expect(home.content()).toMatchObject({ pid: process.pid, renewals: 0 });
  await home.clock.advance(6_000);
  expect(home.content()).toMatchObject({ renewals: 3 });
  owner.check();
  owner.release();
  expect(home.files()).toEqual([]);
  (await home.take()).release();
});

test('a living owner keeps it, and is named', async () => {
  const home = newHome();
  await home.take();
  await expect(home.take()).rejects.toThrow(refused(exitCodes.permanent));
  await expect(home.take()).rejects.toThrow(`pid ${process.pid}`);
  expect(await findOwner(home.path, home.clock)).toEqual({ pid: process.pid, isRunning: true });
});

test('a dead owner loses it at once', async () => {
  const home = newHome();
  const owner = await home.take();
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const left = { ...home.content(), pid };
  owner.release();
  home.write(left);
  const next = await settled(home.clock, home.take());
  next.check();
  expect(home.files()).toEqual(['daemon.lock']);
});

const hasPerl = spawnSync('perl', ['-v']).status === 0;
test.runIf(process.platform === 'linux' && hasPerl)('a zombie owns nothing', async () => {
  const home = newHome();
  // A parent that does not reap, as pid 1 of a container may be.
  const parent = spawn('perl', ['-e', '$| = 1; if ($pid = fork) { print $pid; sleep 60 } else { exit }']);
  onTestFinished(() => void parent.kill('SIGKILL'));
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once('data', (text) => resolve(Number(text))),
  );
  const stat = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  await expect.poll(() => stat()[0], { timeout: 15_000 }).toBe('Z');
  const owner = await home.take();
  const left = { ...home.content(), pid, started: stat()[19] };
  owner.release();
  home.write(left);
  (await settled(home.clock, home.take())).check();
});

test.runIf(process.platform === 'linux')(
  'a process with the pid of the dead owner owns nothing',
  async () => {
    const home = newHome();
    const owner = await home.take();
    const left = { ...home.content(), started: '1' };
    owner.release();
    home.write(left);
    (await settled(home.clock, home.take())).check();
  },
);

describe.each<[string, Record<string, unknown>]>([
  ['in another container', { namespace: 'pid:[1]' }],
  ['of another boot', { boot: '00000000-0000-4000-8000-000000000000' }],
  ['on a system without /proc', { boot: null, started: null, namespace: null }],
  ['on another host', { boot: '11111111-0000-4000-8000-000000000000', host: 'elsewhere', pid: 1 }],
])('an owner %s', (_, differences) => {
  it('keeps the home as long as it renews', async () => {
    const home = newHome();
    const seen = await elsewhere(home, differences);
    const next = home.take();
    next.catch(() => {});
    const found = findOwner(home.path, home.clock);
    await home.clock.advance(1_000);
    home.write({ ...seen, renewals: 1 });
    await expect(settled(home.clock, next)).rejects.toThrow(refused(exitCodes.permanent));
    expect(await settled(home.clock, found)).toMatchObject({ isRunning: true });
    expect(home.content()).toEqual({ ...seen, renewals: 1 });
  });

  it('loses it after ten seconds without a renewal', async () => {
    const home = newHome();
    await elsewhere(home, differences);
    let isTaken = false;
    const next = home.take().then((owner) => {
      isTaken = true;
      return owner;
    });
    await home.clock.advance(9_000);
    expect(isTaken).toBe(false);
    (await settled(home.clock, next)).check();
    expect(home.content()).toMatchObject({ pid: process.pid });
  });
});

test.each(['', 'nonsense', '{}', '{"pid":-1}', '{"pid":"1"}', 'null'])(
  'a lock that reads %j is nobody’s, after the wait',
  async (text) => {
    const home = newHome();
    writeFileSync(home.path, text);
    (await settled(home.clock, home.take())).check();
    expect(home.files()).toEqual(['daemon.lock']);
  },
);

test('a daemon of version 0.3, which renews nothing, keeps it while it lives', async () => {
  const home = newHome();
  const owner = await home.take();
  const { pid, started, boot } = home.content();
  owner.release();
  home.write({ pid, started, boot });
  await expect(home.take()).rejects.toThrow(refused(exitCodes.permanent));
  home.write({ pid, started: '1', boot });
  (await settled(home.clock, home.take())).check();
});

test('whoever loses it finds out before the next acknowledgement, and at the latest with the next renewal', async () => {
  const home = newHome();
  const first = await home.take();
  renameSync(home.path, join(home.folder, 'aside'));
  expect(() => first.check()).toThrow(LostOwnershipError);
  const second = await home.take();
  expect(() => first.check()).toThrow('belongs to another daemon now');
  second.check();
  await home.clock.advance(2_000);
  expect(home.lost).toEqual([expect.any(LostOwnershipError)]);
  // The loser leaves the winner's lock alone.
  first.release();
  second.check();
  expect(home.content().renewals).toBe(1);
});

test('an owner that slept for a night is still the owner, unless another one came', async () => {
  const home = newHome();
  const owner = await home.take();
  await home.clock.advance(8 * 3_600_000);
  owner.check();
  expect(home.lost).toEqual([]);
});

test('an owner that was suspended for an hour ends before it writes, if another one came', async () => {
  const home = newHome();
  const suspended = await home.take();
  const seen = home.content();
  home.write({ ...seen, namespace: 'pid:[1]' });
  // Time passes for the other one only.
  const clock = createFakeClock();
  const other = await settled(clock, takeOwnership(home.path, { clock, random: createSeededRandom(++seed) }));
  await clock.advance(3_600_000);
  expect(() => suspended.check()).toThrow(LostOwnershipError);
  await home.clock.advance(3_600_000);
  expect(home.lost).toEqual([expect.any(LostOwnershipError)]);
  other.check();
});

test('a copied home is nobody’s, whatever its lock says', async () => {
  const home = newHome();
  await home.take();
  const copy = newHome();
  cpSync(home.path, copy.path);
  (await settled(copy.clock, copy.take())).check();
});

test('a claim that a dead starter left holds nobody up for long', async () => {
  const home = newHome();
  const { owner } = await elsewhere(home);
  writeFileSync(`${home.path}.claim-${owner}`, '');
  (await settled(home.clock, home.take())).check();
  expect(home.files()).toEqual(['daemon.lock']);
});

test('a starter that loses a simultaneous takeover is refused, and renews nothing afterwards', async () => {
  const home = newHome();
  const owner = await home.take();
  const alive = home.content();
  owner.release();
  home.write({ ...alive, started: '1', owner: 'a'.repeat(32) });
  const next = home.take();
  next.catch(() => {});
  await home.clock.advance(0);
  // Before the takeover is trusted, a living process replaces the lock.
  expect(home.content().owner).not.toBe('a'.repeat(32));
  rmSync(home.path);
  home.write({ ...alive, owner: 'b'.repeat(32) });
  await expect(settled(home.clock, next)).rejects.toThrow(refused(exitCodes.permanent));
  await home.clock.advance(10_000);
  expect(home.lost).toEqual([]);
  expect(home.content()).toMatchObject({ owner: 'b'.repeat(32), renewals: 0 });
});

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Home, homeFiles } from '../adapters/system/home.ts';
import { finishRestore } from './finish-restore.ts';
import { importSecretKey, readSecretKey } from './key.ts';
import { writeNewFile } from './new-file.ts';
import { reset } from './reset.ts';

/** From step `at` on nothing changes on disk any more, as if the process had been killed; with `once`, only that step fails. */
const crash = vi.hoisted(() => ({ at: Number.POSITIVE_INFINITY, once: false, steps: 0 }));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const creates = (flags: unknown): boolean =>
    typeof flags === 'number' ? (flags & real.constants.O_CREAT) !== 0 : String(flags).startsWith('w');
  const step = (name: string): void => {
    crash.steps++;
    if (crash.once ? crash.steps === crash.at : crash.steps >= crash.at)
      throw Object.assign(new Error(`EIO: crash at ${name}`), { code: 'EIO', syscall: name });
  };
  const changing = ['renameSync', 'mkdirSync', 'rmSync', 'unlinkSync', 'writeSync', 'writeFileSync'] as const;
  const wrapped = Object.fromEntries(
    changing.map((name) => [
      name,
      (...args: never[]) => {
        step(name);
        return (real[name] as (...args: never[]) => unknown)(...args);
      },
    ]),
  );
  const openSync = (...args: Parameters<typeof real.openSync>): number => {
    if (creates(args[1])) step('openSync');
    return real.openSync(...args);
  };
  // Nothing here cuts the power, so nothing has to wait for the disk.
  const fsync = (_: number, done: (error: null) => void): void => done(null);
  return { ...real, ...wrapped, openSync, fsync, fdatasync: fsync, fsyncSync() {} };
});

const [former, imported] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(8)];
let home: Home;
/** Has the former identity; copied for each test. */
let stock: Home;

beforeAll(async () => {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-stock-'));
  stock = homeFiles(join(place, 'home'));
  await importSecretKey(stock, former);
  return () => rmSync(place, { recursive: true, force: true });
});

beforeEach(() => {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-interrupted-'));
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  home = homeFiles(join(place, 'home'));
});

/** Runs the operation so that it ends at this step. @returns whether it got that far */
async function interrupt(at: number, operation: () => unknown, once = false): Promise<boolean> {
  Object.assign(crash, { at, once, steps: 0 });
  await Promise.resolve()
    .then(operation)
    .catch(() => {});
  const isReached = crash.steps >= at;
  crash.at = Number.POSITIVE_INFINITY;
  // A process that was killed owns nothing: its pid, here that of the test, is not looked for.
  for (const name of siblings())
    if (name.startsWith('home')) rmSync(join(home.path, '..', name, 'daemon.lock'), { force: true });
  return isReached;
}

const siblings = (): string[] => readdirSync(join(home.path, '..')).sort();
const addProgram = (): void => {
  mkdirSync(join(home.path, 'app/1.0.0'), { recursive: true });
  writeFileSync(join(home.path, 'app/1.0.0/ocmesh.mjs'), 'program');
};
const hasProgram = (): boolean => existsSync(join(home.path, 'app/1.0.0/ocmesh.mjs'));

/** Every step of an operation, until one run was not interrupted any more. */
async function atEachStep(
  prepare: () => Promise<unknown>,
  operation: () => unknown,
  look: (at: number) => Promise<void>,
  once = false,
): Promise<number> {
  for (let at = 1; ; at++) {
    for (const name of siblings()) rmSync(join(home.path, '..', name), { recursive: true, force: true });
    await prepare();
    const isReached = await interrupt(at, operation, once);
    await look(at);
    if (!isReached) return at - 1;
  }
}

describe.each([
  ['killed', false],
  ['failed', true],
])('an operation that was %s at any of its steps', (_, once) => {
  const replace = (): Promise<unknown> => importSecretKey(home, imported, true);
  const prepared = async (): Promise<void> => {
    cpSync(stock.path, home.path, { recursive: true });
    addProgram();
  };

  it('leaves the former identity or, after the next start, the new one', async () => {
    const seen = new Set<number>();
    const steps = await atEachStep(
      prepared,
      replace,
      async (at) => {
        await finishRestore(home);
        const key = await readSecretKey(home);
        seen.add(key[0] ?? 0);
        expect([7, 8], `step ${at}`).toContain(key[0]);
        // The replaced identity is kept, and the service finds its program.
        if (key[0] === 8) expect(await readSecretKey(homeFiles(`${home.path}.old-1`))).toEqual(former);
        expect(hasProgram(), `step ${at}`).toBe(true);
      },
      once,
    );
    expect(seen).toEqual(new Set([7, 8]));
    expect(steps).toBeGreaterThan(15);
  });

  it('can be repeated', async () => {
    await atEachStep(
      prepared,
      replace,
      async () => {
        await replace();
        expect(await readSecretKey(home)).toEqual(imported);
        expect(hasProgram()).toBe(true);
        expect(siblings().filter((name) => !name.startsWith('home.old-'))).toEqual(['home']);
      },
      once,
    );
  });

  it('leaves no new identity next to the settings of a home that has none', async () => {
    let refused = 0;
    await atEachStep(
      async () => {
        mkdirSync(home.path, { mode: 0o700 });
        writeFileSync(home.config, '{}');
        // Left by a first start that was interrupted.
        writeFileSync(home.keyFile, 'ab'.repeat(32), { mode: 0o600 });
      },
      () => importSecretKey(home, imported),
      async (at) => {
        const isFinished = await finishRestore(home).catch(() => {
          refused++;
          return null;
        });
        if (isFinished) expect(await readSecretKey(home)).toEqual(imported);
        if (isFinished === null) await importSecretKey(home, imported);
        expect(existsSync(home.config), `step ${at}`).toBe(true);
      },
      once,
    );
    if (!once) expect(refused).toBeGreaterThan(0);
  });

  it('leaves the program of the service where it finds it, after a reset', async () => {
    await atEachStep(
      prepared,
      () => reset(home),
      async (at) => {
        expect(await finishRestore(home)).toBe(false);
        const kept = existsSync(home.database) ? home : homeFiles(`${home.path}.old-1`);
        expect(await readSecretKey(kept), `step ${at}`).toEqual(former);
        expect(hasProgram(), `step ${at}`).toBe(true);
      },
      once,
    );
  });

  it('leaves no part of a backup under its name', async () => {
    const path = join(home.path, '../backup');
    await atEachStep(
      async () => {},
      () => writeNewFile(path, 'content'),
      async () => {
        if (existsSync(path)) expect(readFileSync(path, 'utf8')).toBe('content');
        else writeNewFile(path, 'content');
        expect(siblings()).toEqual(['backup']);
      },
      once,
    );
  });
});

describe('an interrupted restore', () => {
  const unfinished = (): Home => homeFiles(`${home.path}.new`);

  it('is finished by the next start, as those of earlier versions', async () => {
    await importSecretKey(unfinished(), imported);
    await importSecretKey(homeFiles(`${home.path}.old-1`), former);
    expect(await finishRestore(home)).toBe(true);
    expect(await readSecretKey(home)).toEqual(imported);
    expect(siblings()).toEqual(['home', 'home.old-1']);
  });

  it.each([
    ['a part of the store', () => rmSync(unfinished().database)],
    ['no key', () => rmSync(unfinished().keyFile)],
    ['a damaged store', () => writeFileSync(unfinished().database, 'x')],
  ])('with %s keeps a start from creating a new identity', async (_, damage) => {
    await importSecretKey(unfinished(), imported);
    damage();
    await expect(finishRestore(home)).rejects.toThrow(/did not finish.*Run it again, or/);
    expect(siblings()).toEqual(['home.new']);
  });

  it('changes nothing beside a home that has its identity', async () => {
    await importSecretKey(home, former);
    await importSecretKey(unfinished(), imported);
    expect(await finishRestore(home)).toBe(false);
    expect(await readSecretKey(home)).toEqual(former);
  });

  it('is named by commands that need the identity', async () => {
    await importSecretKey(unfinished(), imported);
    await expect(readSecretKey(home)).rejects.toThrow(/interrupted.*`ocmesh start` finishes it/);
  });

  it('is moved aside by a reset: the next start creates a new identity, as promised', async () => {
    await importSecretKey(unfinished(), imported);
    const aside = await reset(home);
    expect(await readSecretKey(homeFiles(aside))).toEqual(imported);
    expect(await finishRestore(home)).toBe(false);
    expect(existsSync(home.path)).toBe(false);
  });
});

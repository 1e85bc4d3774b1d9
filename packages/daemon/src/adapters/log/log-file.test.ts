import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { limits } from '@ocmesh/shared/contract';
import { createFakeClock } from '@ocmesh/testkit';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createLogFile, type LogFileBounds } from './log-file.ts';

const hourMs = 3_600_000;
/** Far more than a disk takes on a busy machine. */
const FAR_END_MS = 60_000;

/** Of the machine's own calendar, whatever its time zone. */
const midnight = new Date(2026, 2, 8).getTime();

function openLog({
  startMs = midnight - hourMs,
  home = mkdtempSync(join(tmpdir(), 'ocmesh-log-')),
  bounds = {} as Partial<LogFileBounds>,
} = {}) {
  const clock = createFakeClock(startMs);
  const path = join(home, 'ocmesh.log');
  const folder = join(home, 'logs');
  const file = createLogFile(path, folder, { clock }, { ...limits, ...bounds });
  onTestFinished(() => {
    file.close();
    rmSync(home, { recursive: true, force: true });
  });
  /** Lets time pass until it holds: what is written meanwhile is written by a real disk. */
  const soon = (holds: () => void): Promise<void> =>
    vi.waitFor(
      async () => {
        await clock.advance(50);
        holds();
      },
      { timeout: FAR_END_MS },
    );
  return {
    ...file,
    clock,
    home,
    path,
    folder,
    say: (line: string) => file.write(`${line}\n`, clock.now()),
    text: () => readFileSync(path, 'utf8'),
    soon,
    /** Until the disk has it. */
    written: (part: string) => soon(() => expect(readFileSync(path, 'utf8')).toContain(part)),
    archived: () => (existsSync(folder) ? readdirSync(folder).sort() : []),
    unpacked: (name: string) => gunzipSync(readFileSync(join(folder, name))).toString(),
    /** Until these are there, and nothing else. */
    compressed: (...names: string[]) => soon(() => expect(readdirSync(folder).sort()).toEqual(names)),
  };
}

test('a faked midnight: the log rotates and gzips with no line lost', async () => {
  const log = openLog({ startMs: midnight - 5_000 });
  const said: string[] = [];
  for (let n = 0; n < 10_000; n++) {
    said.push(`line ${n}`);
    log.say(`line ${n}`);
    if (n % 10 === 0) await log.clock.advance(10);
  }
  expect(log.clock.now()).toBeGreaterThan(midnight);
  await log.compressed('ocmesh-2026-03-07.log.gz');
  log.close();
  const before = log.unpacked('ocmesh-2026-03-07.log.gz');
  expect(`${before}${log.text()}`.trimEnd().split('\n')).toEqual(said);
  // Ten lines each 10 ms: what was said before midnight stands in the file of that day, all the rest after.
  expect(before.trimEnd().split('\n')).toHaveLength(4_991);
});

test('days of 23 and 25 hours end at their own midnight', async () => {
  const zone = process.env['TZ'];
  onTestFinished(() => {
    if (zone === undefined) delete process.env['TZ'];
    else process.env['TZ'] = zone;
  });
  process.env['TZ'] = 'Europe/Berlin';
  for (const [start, hours] of [
    ['2026-03-28T23:30:00Z', 22.4],
    ['2026-10-24T22:30:00Z', 24.4],
  ] as const) {
    const log = openLog({ startMs: Date.parse(start) });
    log.say('early');
    await log.clock.advance(hours * hourMs);
    log.say('late on the same day');
    await log.clock.advance(0.2 * hourMs);
    log.say('the next day');
    log.close();
    expect(log.text()).toBe('the next day\n');
  }
});

test('lines wait for each other 50 ms, and are on disk without more being said', async () => {
  const log = openLog();
  log.say('one');
  await log.clock.advance(49);
  log.say('two');
  expect(log.text()).toBe('');
  await log.clock.advance(1);
  await vi.waitFor(() => expect(log.text()).toBe('one\ntwo\n'), { timeout: FAR_END_MS });
  expect(log.clock.pending()).toBe(0);
});

test('what waits when the process ends is written, after what is being written', async () => {
  const log = openLog();
  log.say('x'.repeat(64 * 1024));
  log.say('waits');
  log.close();
  expect(log.text()).toBe(`${'x'.repeat(64 * 1024)}\nwaits\n`);
  log.say('too late');
  await log.clock.advance(1_000);
  expect(log.text()).not.toContain('too late');
});

test('a file that was left from an earlier day is rotated by its own day', async () => {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-log-'));
  writeFileSync(join(home, 'ocmesh.log'), 'long ago\n');
  const long = new Date(2026, 0, 31, 12);
  utimesSync(join(home, 'ocmesh.log'), long, long);
  const log = openLog({ home });
  log.say('today');
  await log.written('today');
  await log.compressed('ocmesh-2026-01-31.log.gz');
  expect(log.text()).toBe('today\n');
  expect(log.unpacked('ocmesh-2026-01-31.log.gz')).toBe('long ago\n');
});

test('a file that grows too large is rotated within its day, and numbered', async () => {
  const log = openLog({ bounds: { logFileBytes: 20 } });
  for (const line of ['the first line', 'the second line', 'the third line']) {
    log.say(line);
    await log.written(line);
  }
  await log.compressed('ocmesh-2026-03-07.1.log.gz', 'ocmesh-2026-03-07.log.gz');
  expect(log.unpacked('ocmesh-2026-03-07.log.gz')).toBe('the first line\n');
  expect(log.unpacked('ocmesh-2026-03-07.1.log.gz')).toBe('the second line\n');
});

test('the oldest archives go when there are too many, or too many bytes; other files stay', async () => {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-log-'));
  const logs = join(home, 'logs');
  mkdirSync(logs);
  for (const day of ['09', '10', '11', '12']) {
    writeFileSync(join(logs, `ocmesh-2026-02-${day}.log.gz`), 'x'.repeat(100));
  }
  writeFileSync(join(logs, 'ocmesh-2026-02-10.1.log.gz'), 'x'.repeat(100));
  writeFileSync(join(logs, 'launchd.err.log'), 'x'.repeat(100));
  const some = openLog({ home, bounds: { logArchives: 4 } });
  await some.compressed(
    'launchd.err.log',
    'ocmesh-2026-02-10.1.log.gz',
    'ocmesh-2026-02-10.log.gz',
    'ocmesh-2026-02-11.log.gz',
    'ocmesh-2026-02-12.log.gz',
  );
  some.close();
  const less = openLog({ home, bounds: { logArchiveBytes: 250 } });
  await less.compressed('launchd.err.log', 'ocmesh-2026-02-11.log.gz', 'ocmesh-2026-02-12.log.gz');
});

test('what a crash left half compressed is compressed at the next start', async () => {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-log-'));
  mkdirSync(join(home, 'logs'));
  writeFileSync(join(home, 'logs/ocmesh-2026-03-06.log'), 'whole\n');
  writeFileSync(join(home, 'logs/ocmesh-2026-03-06.log.gz.tmp'), 'half');
  const log = openLog({ home });
  await log.compressed('ocmesh-2026-03-06.log.gz');
  expect(log.unpacked('ocmesh-2026-03-06.log.gz')).toBe('whole\n');
});

test('nobody else may read the file or what becomes of it', async () => {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-log-'));
  writeFileSync(join(home, 'ocmesh.log'), 'by an earlier version\n');
  chmodSync(join(home, 'ocmesh.log'), 0o644);
  const log = openLog({ home, startMs: Date.now() });
  const modes = () => [log.path, log.folder].map((path) => statSync(path).mode & 0o777);
  await log.clock.advance(24 * hourMs);
  log.say('tomorrow');
  await log.written('tomorrow');
  await log.soon(() => expect(log.archived()[0]).toMatch(/\.gz$/));
  expect(modes()).toEqual([0o600, 0o700]);
  expect(statSync(join(log.folder, log.archived()[0] ?? '')).mode & 0o777).toBe(0o600);
});

test('goes on in a new file when somebody moved it away, or emptied it', async () => {
  const log = openLog();
  log.say('one');
  await log.written('one');
  renameSync(log.path, `${log.path}.moved`);
  await log.clock.advance(1_000);
  log.say('two');
  await log.soon(() => expect(log.text()).toBe('two\n'));
  truncateSync(log.path);
  await log.clock.advance(1_000);
  log.say('three');
  await log.written('three');
  expect(log.text()).toBe('three\n');
  expect(log.lost()).toBe(0);
});

test('a line that a crash cut off does not swallow the next one', async () => {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-log-'));
  writeFileSync(join(home, 'ocmesh.log'), 'whole\ncut o');
  const log = openLog({ home, startMs: Date.now() });
  log.say('next');
  await log.written('next');
  expect(log.text()).toBe('whole\ncut o\nnext\n');
});

test.skipIf(process.platform !== 'linux')(
  'a full disk loses lines and nothing else; they are counted, and told when there is room again',
  async () => {
    const home = mkdtempSync(join(tmpdir(), 'ocmesh-log-'));
    // Takes no byte: ENOSPC.
    symlinkSync('/dev/full', join(home, 'ocmesh.log'));
    const log = openLog({ home });
    log.say('one');
    log.say('two');
    await log.soon(() => expect(log.lost()).toBe(2));
    log.say('three');
    await log.soon(() => expect(log.lost()).toBe(3));

    rmSync(log.path);
    writeFileSync(log.path, '');
    await log.clock.advance(1_000);
    log.say('four');
    await log.written('four');
    expect(log.text()).toMatch(
      /^\[.*Z\] \[WARN\] log lines were lost lines=3 reason="Error: ENOSPC[^\n]*\nfour\n$/,
    );
    log.say('five');
    await log.written('five');
    expect(log.text()).toMatch(/four\nfive\n$/);
  },
);

test('a folder that is gone loses lines and nothing else', async () => {
  const log = openLog();
  log.say('one');
  await log.written('one');
  rmSync(log.home, { recursive: true });
  await log.clock.advance(1_000);
  log.say('two');
  await log.soon(() => expect(log.lost()).toBe(1));
  mkdirSync(log.home);
  log.say('three');
  await log.written('three');
  expect(log.text()).toMatch(/lines=1 reason=.*ENOENT.*\nthree\n$/);
});

test('a day that cannot be put into the archive stays in the file, and it says so', async () => {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-log-'));
  writeFileSync(join(home, 'logs'), 'in the way');
  const log = openLog({ home });
  log.say('one');
  await log.clock.advance(hourMs);
  log.say('two');
  await log.written('two');
  await log.written('[WARN] the log file could not be rotated reason="Error: EEXIST');
  expect(log.text()).toMatch(/^one\n(\[.*\n)*two\n/m);
  rmSync(log.folder);
  await log.clock.advance(60_000);
  log.say('three');
  await log.written('three');
  await log.compressed('ocmesh-2026-03-07.log.gz');
  expect(log.unpacked('ocmesh-2026-03-07.log.gz')).toContain('two');
  expect(log.lost()).toBe(0);
});

test('while the disk takes nothing, only so many lines wait for it', () => {
  const log = openLog({ bounds: { logWaitingChars: 100 } });
  for (let n = 0; n < 20; n++) log.say('123456789');
  expect(log.lost()).toBe(10);
  log.close();
  expect(log.text().match(/123456789/g)).toHaveLength(10);
});

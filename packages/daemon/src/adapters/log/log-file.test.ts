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
import { createFakeClock } from '@ocmesh/testkit';
import { expect, onTestFinished, test, vi } from 'vitest';
import { logLimits } from './limits.ts';
import { createLogFile, type LogFileBounds } from './log-file.ts';

const hourMs = 3_600_000;
/** Far more than a disk takes on a busy machine. */
const HANG_TIMEOUT_MS = 60_000;

/** In the machine's time zone, whichever it is. */
const midnight = new Date(2026, 2, 8).getTime();

function openLog({
  startMs = midnight - hourMs,
  home = mkdtempSync(join(tmpdir(), 'ocmesh-log-')),
  bounds = {} as Partial<LogFileBounds>,
} = {}) {
  const clock = createFakeClock(startMs);
  const path = join(home, 'ocmesh.log');
  const folder = join(home, 'logs');
  const file = createLogFile(path, folder, { clock }, { ...logLimits, ...bounds });
  onTestFinished(() => {
    file.close();
    rmSync(home, { recursive: true, force: true });
  });
  /** Lets the fake time pass until the check succeeds: the writes go to a real disk. */
  const soon = (check: () => void): Promise<void> =>
    vi.waitFor(
      async () => {
        await clock.advance(50);
        check();
      },
      { timeout: HANG_TIMEOUT_MS },
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
    /** Waits until the file contains this. */
    written: (part: string) => soon(() => expect(readFileSync(path, 'utf8')).toContain(part)),
    archived: () => (existsSync(folder) ? readdirSync(folder).sort() : []),
    unpacked: (name: string) => gunzipSync(readFileSync(join(folder, name))).toString(),
    /** Waits until the folder contains exactly these files. */
    compressed: (...names: string[]) => soon(() => expect(readdirSync(folder).sort()).toEqual(names)),
  };
}

test('rotates and compresses at midnight without losing a line', async () => {
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
  // Ten lines each 10 ms: lines before midnight are in that day's file, the others in the next.
  expect(before.trimEnd().split('\n')).toHaveLength(4_991);
});

test('ends days of 23 and 25 hours at their own midnight', async () => {
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

test('gathers lines for 50 ms, then writes them without needing another line', async () => {
  const log = openLog();
  log.say('one');
  await log.clock.advance(49);
  log.say('two');
  expect(log.text()).toBe('');
  await log.clock.advance(1);
  await vi.waitFor(() => expect(log.text()).toBe('one\ntwo\n'), { timeout: HANG_TIMEOUT_MS });
  expect(log.clock.pending()).toBe(0);
});

test('writes waiting lines when the process ends, after those being written', async () => {
  const log = openLog();
  log.say('x'.repeat(64 * 1024));
  log.say('waits');
  log.close();
  expect(log.text()).toBe(`${'x'.repeat(64 * 1024)}\nwaits\n`);
  log.say('too late');
  await log.clock.advance(1_000);
  expect(log.text()).not.toContain('too late');
});

test('archives a file left from an earlier day under that day', async () => {
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

test('rotates a file that grows too large within its day, and numbers it', async () => {
  const log = openLog({ bounds: { logFileBytes: 20 } });
  for (const line of ['the first line', 'the second line', 'the third line']) {
    log.say(line);
    await log.written(line);
  }
  await log.compressed('ocmesh-2026-03-07.1.log.gz', 'ocmesh-2026-03-07.log.gz');
  expect(log.unpacked('ocmesh-2026-03-07.log.gz')).toBe('the first line\n');
  expect(log.unpacked('ocmesh-2026-03-07.1.log.gz')).toBe('the second line\n');
});

test('removes the oldest archives when there are too many, or too many bytes, and no other file', async () => {
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

test('compresses again at the next start what a crash left half compressed', async () => {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-log-'));
  mkdirSync(join(home, 'logs'));
  writeFileSync(join(home, 'logs/ocmesh-2026-03-06.log'), 'whole\n');
  writeFileSync(join(home, 'logs/ocmesh-2026-03-06.log.gz.tmp'), 'half');
  const log = openLog({ home });
  await log.compressed('ocmesh-2026-03-06.log.gz');
  expect(log.unpacked('ocmesh-2026-03-06.log.gz')).toBe('whole\n');
});

test('keeps the file and its archives readable by the owner only', async () => {
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

test('continues in a new file after the old one was moved away, and in the same one after a truncation', async () => {
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

test('starts a new line after one that a crash cut off', async () => {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-log-'));
  writeFileSync(join(home, 'ocmesh.log'), 'whole\ncut o');
  const log = openLog({ home, startMs: Date.now() });
  log.say('next');
  await log.written('next');
  expect(log.text()).toBe('whole\ncut o\nnext\n');
});

test.skipIf(process.platform !== 'linux')(
  'loses only lines on a full disk, counts them, and reports them once there is room',
  async () => {
    const home = mkdtempSync(join(tmpdir(), 'ocmesh-log-'));
    // Every write fails with ENOSPC.
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

test('loses only lines while the folder is missing', async () => {
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

test('keeps a day that cannot be archived in the file, and warns', async () => {
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

test('limits how many lines wait for a disk that does not write', () => {
  const log = openLog({ bounds: { logWaitingChars: 100 } });
  for (let n = 0; n < 20; n++) log.say('123456789');
  expect(log.lost()).toBe(10);
  log.close();
  expect(log.text().match(/123456789/g)).toHaveLength(10);
});

import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openCommandLine } from '../../../test/support/command-line.ts';

const line = (text: string): string => `[2026-01-01T00:00:00.000Z] [INFO] ${text}\n`;

function openHome() {
  const home = mkdtempSync(join(tmpdir(), 'ocmesh-logs-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  mkdirSync(join(home, 'logs'));
  return {
    ...openCommandLine({ OCMESH_HOME: home }),
    log: join(home, 'ocmesh.log'),
    archive: join(home, 'logs'),
  };
}

const messages = (out: string): string[] =>
  out
    .split('\n')
    .filter(Boolean)
    .map((one) => one.split('] ')[2] ?? one);

describe('logs', () => {
  it('shows the last lines, from rotated files too', async () => {
    const { run, log, archive } = openHome();
    writeFileSync(join(archive, 'ocmesh-2025-12-30.log.gz'), gzipSync(line('oldest')));
    writeFileSync(join(archive, 'ocmesh-2025-12-31.log.gz'), gzipSync(line('old 1') + line('old 2')));
    writeFileSync(join(archive, 'ocmesh-2025-12-31.1.log'), line('old 3'));
    writeFileSync(log, line('new 1') + line('new 2'));
    expect(messages((await run(['logs', '-n', '1'])).out)).toEqual(['new 2']);
    expect(messages((await run(['logs', '-n', '4'])).out)).toEqual(['old 2', 'old 3', 'new 1', 'new 2']);
    expect(messages((await run(['logs'])).out)).toEqual([
      'oldest',
      'old 1',
      'old 2',
      'old 3',
      'new 1',
      'new 2',
    ]);
  });

  it('finds the last lines of a long file', async () => {
    const { run, log } = openHome();
    writeFileSync(
      log,
      Array.from({ length: 5_000 }, (_, i) => line(`line ${i} ${'x'.repeat(50)} ü`)).join(''),
    );
    const shown = messages((await run(['logs', '-n', '1500'])).out);
    expect(shown).toHaveLength(1500);
    expect(shown[0]).toMatch(/^line 3500 /);
  });

  it('prints one JSON object per line with --json', async () => {
    const { run, log } = openHome();
    writeFileSync(log, `${line('started \u001b[31m')}no line of ours\n`);
    const { out } = await run(['logs', '--json']);
    expect(
      out
        .trim()
        .split('\n')
        .map((one) => JSON.parse(one)),
    ).toEqual([
      { timestamp: '2026-01-01T00:00:00.000Z', level: 'info', message: 'started [31m' },
      { timestamp: null, level: null, message: 'no line of ours' },
    ]);
  });

  it('says how to create a log if there is none', async () => {
    const { run } = openHome();
    expect(await run(['logs'])).toMatchObject({
      code: 78,
      err: expect.stringContaining('`ocmesh start` creates one'),
    });
  });
});

describe('logs -f', () => {
  it('follows the file across its rotation without losing or repeating a line, until Ctrl-C', async () => {
    const { start, clock, log, archive } = openHome();
    writeFileSync(log, line('before'));
    const command = start(['logs', '-f']);
    await command.printed('before');
    appendFileSync(log, line('1'));
    await clock.advance(200);
    appendFileSync(log, line('2'));
    renameSync(log, join(archive, 'ocmesh-2026-01-01.log'));
    appendFileSync(join(archive, 'ocmesh-2026-01-01.log'), line('3'));
    await clock.advance(400);
    writeFileSync(log, line('4'));
    await clock.advance(200);
    appendFileSync(log, '[2026-01-01T00:00:00.000Z] [INFO] in two');
    await clock.advance(200);
    appendFileSync(log, ' parts\n');
    await clock.advance(200);
    command.interrupt();
    const { out, code } = await command.exited;
    expect(messages(out)).toEqual(['before', '1', '2', '3', '4', 'in two parts']);
    expect(code).toBe(0);
    expect(clock.pending()).toBe(0);
  });

  it('waits for a log that does not exist yet, and continues after one is truncated', async () => {
    const { start, clock, log } = openHome();
    const command = start(['logs', '-f']);
    await clock.advance(200);
    writeFileSync(log, line('first, and rather long'));
    await clock.advance(200);
    writeFileSync(log, line('second'));
    await clock.advance(200);
    command.interrupt();
    expect(messages((await command.exited).out)).toEqual(['first, and rather long', 'second']);
  });
});

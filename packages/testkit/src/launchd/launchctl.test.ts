import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createFakeClock } from '../fake-clock.ts';
import { until } from '../until.ts';
import { createLaunchctl } from './launchctl.ts';

const DOMAIN = `gui/${process.getuid?.()}`;
const TARGET = `${DOMAIN}/job`;

/** A launchd with one job that runs a line of shell. */
function launchd(script: string, keys = '<key>KeepAlive</key><true/>') {
  const place = mkdtempSync(join(tmpdir(), 'ocmesh-job-'));
  const plist = join(place, 'job.plist');
  const words = ['/bin/sh', '-c', script].map((word) => `<string>${word}</string>`).join('');
  writeFileSync(
    plist,
    `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "" "">\n<plist version="1.0"><dict><key>Label</key><string>job</string><key>ProgramArguments</key><array>${words}</array><key>StandardOutPath</key><string>${place}/out</string>${keys}</dict></plist>\n`,
  );
  chmodSync(plist, 0o644);
  const clock = createFakeClock();
  const environment = { PATH: '/usr/bin:/bin' };
  const { call, end } = createLaunchctl({
    clock,
    environment,
    uid: process.getuid?.() ?? 0,
    teardownMs: 700,
  });
  onTestFinished(async () => {
    await end();
    rmSync(place, { recursive: true, force: true });
  });
  const code = (...args: string[]): number => call(args).code;
  const fact = (name: string): string | undefined =>
    new RegExp(`\t${name} = (.*)`).exec(call(['print', TARGET]).text)?.[1];
  return { place, plist, clock, code, fact };
}

test('exits with the codes of the real one', async () => {
  const { plist, clock, code, fact } = launchd('exec sleep 60');
  expect(code('print', TARGET)).toBe(113);
  expect(code('kickstart', TARGET)).toBe(113);
  expect(code('bootout', TARGET)).toBe(3);
  expect(code('bootstrap', 'gui/99999', plist)).toBe(125);
  expect(code('bootstrap', DOMAIN, `${plist}.gone`)).toBe(2);
  code('disable', TARGET);
  expect(code('bootstrap', DOMAIN, plist)).toBe(119);
  code('enable', TARGET);
  expect(code('bootstrap', DOMAIN, plist)).toBe(0);
  expect(code('bootstrap', DOMAIN, plist)).toBe(37);
  const pid = Number(fact('pid'));
  expect(code('bootout', TARGET)).toBe(0);
  expect(code('print', TARGET)).toBe(113);
  await until(() => !isAlive(pid));
  // The process has ended, but the label is still in use.
  expect(code('bootstrap', DOMAIN, plist)).toBe(5);
  await clock.advance(700);
  expect(code('bootstrap', DOMAIN, plist)).toBe(0);
});

test.each(['load', 'unload', 'start', 'stop'])('does not know %s', (verb) => {
  expect(launchd('exit 0').code(verb)).toBe(64);
});

test('refuses a plist that others can write or cannot read', () => {
  const { plist, code } = launchd('exit 0');
  for (const mode of [0o664, 0o600]) {
    chmodSync(plist, mode);
    expect(code('bootstrap', DOMAIN, plist)).toBe(122);
  }
});

test('restarts a job that ended, but no more often than allowed', async () => {
  const { plist, clock, code, fact } = launchd(
    'exit 3',
    '<key>KeepAlive</key><true/><key>ThrottleInterval</key><integer>5</integer>',
  );
  code('bootstrap', DOMAIN, plist);
  await until(() => fact('state') === 'spawn scheduled');
  expect(fact('last exit code')).toBe('3');
  await clock.advance(4_900);
  expect(fact('runs')).toBe('1');
  await clock.advance(200);
  expect(fact('runs')).toBe('2');
});

test('does not restart a job that ended successfully, if so configured', async () => {
  const { plist, code, fact } = launchd(
    'exit 0',
    '<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>',
  );
  code('bootstrap', DOMAIN, plist);
  await until(() => fact('state') === 'not running');
});

test('kills a job that does not end after SIGTERM', async () => {
  const { plist, clock, code, fact, place } = launchd(
    'trap "" TERM; echo ready; while true; do sleep 0.05; done',
    '<key>KeepAlive</key><true/><key>ExitTimeOut</key><integer>5</integer>',
  );
  code('bootstrap', DOMAIN, plist);
  const pid = Number(fact('pid'));
  await until(() => readFileSync(join(place, 'out'), 'utf8') === 'ready\n');
  code('bootout', TARGET);
  await clock.advance(4_000);
  expect(isAlive(pid)).toBe(true);
  await clock.advance(1_000);
  await until(() => !isAlive(pid));
});

test('does not pass on the caller’s environment', async () => {
  const { plist, code, place } = launchd('env; exec sleep 60');
  code('bootstrap', DOMAIN, plist);
  const names = await until(() => {
    const text = readFileSync(join(place, 'out'), 'utf8');
    return (
      text.endsWith('\n') && text.includes('PATH=') && text.split('\n').map((line) => line.split('=')[0])
    );
  });
  for (const name of names) expect(['PATH', 'XPC_SERVICE_NAME', 'PWD', 'SHLVL', '_', '']).toContain(name);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

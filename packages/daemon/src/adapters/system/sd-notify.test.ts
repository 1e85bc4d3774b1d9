import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createFakeClock, createRecordingLog, until } from '@ocmesh/testkit';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createSdNotifier } from './sd-notify.ts';

/** Puts a `systemd-notify` in the PATH that records its arguments. */
function recordingNotify() {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-notify-'));
  const path = process.env['PATH'] ?? '';
  writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$@" >> '${folder}/notified'\n`);
  chmodSync(join(folder, 'systemd-notify'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${path}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  const record = join(folder, 'notified');
  return () => (existsSync(record) ? readFileSync(record, 'utf8').trim().split('\n') : []);
}

test('reports to systemd: ready, three pings within its watchdog time, stopping', async () => {
  const notified = recordingNotify();
  const clock = createFakeClock();
  const notifier = createSdNotifier(
    { NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '60000000' },
    clock,
    createRecordingLog(),
  );
  notifier.ready();
  await until(() => notified().length === 1);
  for (let ping = 1; ping <= 2; ping++) {
    await clock.advance(20_000);
    await until(() => notified().length === 1 + ping);
  }
  notifier.stopping();
  await until(() => notified().length === 4);
  expect(notified()).toEqual(['READY=1', 'WATCHDOG=1', 'WATCHDOG=1', 'STOPPING=1']);
  expect(clock.pending()).toBe(0);
});

test('starts nothing if systemd does not listen', async () => {
  const notified = recordingNotify();
  const clock = createFakeClock();
  const notifier = createSdNotifier({}, clock, createRecordingLog());
  notifier.ready();
  notifier.stopping();
  expect(clock.pending()).toBe(0);
  expect(notified()).toEqual([]);
});

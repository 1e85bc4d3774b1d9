import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createFakeClock, createRecordingLog, until } from '@ocmesh/testkit';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createSdNotifier } from './sd-notify.ts';

/** A `systemd-notify` that writes down what it was told. */
function recordingNotify() {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-notify-'));
  const path = process.env['PATH'] ?? '';
  writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$@" >> '${folder}/told'\n`);
  chmodSync(join(folder, 'systemd-notify'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${path}`);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  const told = join(folder, 'told');
  return () => (existsSync(told) ? readFileSync(told, 'utf8').trim().split('\n') : []);
}

test('systemd is told that the daemon serves, three times in its patience that it lives, and that it stops', async () => {
  const told = recordingNotify();
  const clock = createFakeClock();
  const notifier = createSdNotifier(
    { NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '60000000' },
    clock,
    createRecordingLog(),
  );
  notifier.ready();
  await until(() => told().length === 1);
  for (let ping = 1; ping <= 2; ping++) {
    await clock.advance(20_000);
    await until(() => told().length === 1 + ping);
  }
  notifier.stopping();
  await until(() => told().length === 4);
  expect(told()).toEqual(['READY=1', 'WATCHDOG=1', 'WATCHDOG=1', 'STOPPING=1']);
  expect(clock.pending()).toBe(0);
});

test('without a systemd that listens nothing is started', async () => {
  const told = recordingNotify();
  const clock = createFakeClock();
  const notifier = createSdNotifier({}, clock, createRecordingLog());
  notifier.ready();
  notifier.stopping();
  expect(clock.pending()).toBe(0);
  expect(told()).toEqual([]);
});

import { createFakeClock, createRecordingLog } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { refusal } from '../../../test/support/refusal.ts';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import type { Daemon } from '../../app.ts';
import { superviseBy } from './supervision.ts';

const started = {} as Daemon;
const permanent = (): Promise<Daemon> => Promise.reject(new ExitError(exitCodes.permanent, 'Locked out.'));

test('under launchd, what only a person can fix is retried after 5, 10, 20 … 300 s, in the same process', async () => {
  const clock = createFakeClock();
  const atSec: number[] = [];
  let isFixed = false;
  const running = superviseBy({ supervisor: 'launchd' }, clock, createRecordingLog()).start(() => {
    atSec.push(clock.monotonic() / 1000);
    return isFixed ? Promise.resolve(started) : permanent();
  });
  await clock.advance(1_200_000);
  expect(atSec).toEqual([0, 5, 15, 35, 75, 155, 315, 615, 915]);
  isFixed = true;
  await clock.advance(300_000);
  await expect(running).resolves.toBe(started);
});

test('a temporary failure or a bug of ours ends the process, and launchd restarts it', async () => {
  const { start } = superviseBy({ supervisor: 'launchd' }, createFakeClock());
  await expect(start(() => Promise.reject(new ExitError(exitCodes.tryAgain, 'Full.')))).rejects.toThrow(
    'Full.',
  );
  await expect(start(() => Promise.reject(new Error('bug')))).rejects.toThrow('bug');
});

test('under systemd or at a terminal, a failed start ends the process at once', async () => {
  for (const flags of [{}, { supervisor: 'systemd' }])
    await expect(superviseBy(flags, createFakeClock()).start(permanent)).rejects.toThrow('Locked out.');
});

test('an unknown service manager is refused', () => {
  expect(refusal(() => superviseBy({ supervisor: 'upstart' }, createFakeClock())).exitCode).toBe(78);
});

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeClock } from '@ocmesh/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLaunchd } from './launchd.ts';

const LABEL = 'com.ocmesh.daemon';
const NOT_FOUND = 113;
const PRINTED = `gui/501/${LABEL} = {\n\tstate = running\n\tpid = 4711\n\tlast exit code = 0\n}`;

/** A launchctl that returns these exit codes for each verb in turn, then the last one. `print` depends on `isLoaded`. */
function scripted(exitCodes: Record<string, readonly number[]>, isLoaded: () => boolean) {
  const userHome = mkdtempSync(join(tmpdir(), 'ocmesh-launchd-'));
  onTestFinished(() => rmSync(userHome, { recursive: true, force: true }));
  const clock = createFakeClock();
  const calls: string[] = [];
  const launchd = createLaunchd({
    clock,
    userHome,
    uid: 501,
    isAlive: () => false,
    async run(_program, args) {
      const [verb = ''] = args;
      const earlier = calls.filter((call) => call.split(' ')[0] === verb).length;
      calls.push(args.join(' '));
      if (verb === 'print') return { code: isLoaded() ? 0 : NOT_FOUND, stdout: PRINTED, stderr: '' };
      const codes = exitCodes[verb] ?? [0];
      return { code: codes[earlier] ?? codes.at(-1) ?? 0, stdout: '', stderr: `${verb} failed` };
    },
  });
  const verbs = (): string[] =>
    calls.map((call) => call.split(' ').slice(0, 2).join(' ')).filter((call) => !call.startsWith('print'));
  /** Advances the clock until the work is done. */
  async function done<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const settled = work.finally(() => {
      isDone = true;
    });
    settled.catch(() => {});
    for (let step = 0; step < 200 && !isDone; step++) await clock.advance(500);
    return settled;
  }
  return { launchd, verbs, calls, done };
}

describe('launchd', () => {
  it('gets a plist that it accepts, after its label was enabled', async () => {
    const { launchd, calls, done } = scripted({}, () => false);
    await done(launchd.install('<plist/>'));
    expect(readFileSync(launchd.specPath, 'utf8')).toBe('<plist/>');
    expect(statSync(launchd.specPath).mode & 0o777).toBe(0o644);
    expect(calls.slice(1)).toEqual([`enable gui/501/${LABEL}`, `bootstrap gui/501 ${launchd.specPath}`]);
  });

  it('is asked again while it is tearing down the old job', async () => {
    const { launchd, verbs, done } = scripted({ bootstrap: [5, 5, 5, 0] }, () => false);
    await done(launchd.install('<plist/>'));
    expect(verbs()).toEqual(['enable gui/501/com.ocmesh.daemon', ...Array(4).fill('bootstrap gui/501')]);
  });

  it('is not asked forever', async () => {
    const { launchd, done } = scripted({ bootstrap: [5] }, () => false);
    await expect(done(launchd.install('<plist/>'))).rejects.toThrow(
      'launchctl bootstrap failed: bootstrap failed (code 5)',
    );
  });

  it('may have loaded the job already', async () => {
    let isLoaded = false;
    const { launchd, done } = scripted({ bootstrap: [37] }, () => isLoaded);
    const installed = done(launchd.install('<plist/>'));
    isLoaded = true;
    await installed;
  });

  it('explains a login without a screen', async () => {
    const { launchd, done } = scripted({ bootstrap: [125] }, () => false);
    await expect(done(launchd.install('<plist/>'))).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringContaining('SSH'),
    });
  });

  it('starts a loaded job without unloading it, and unloads it to stop it', async () => {
    let isLoaded = true;
    const { launchd, verbs, done } = scripted({}, () => isLoaded);
    await done(launchd.restart());
    await done(launchd.start());
    const stopped = launchd.stop();
    isLoaded = false;
    await done(stopped);
    expect(verbs()).toEqual([
      'kickstart -k',
      'kickstart gui/501/com.ocmesh.daemon',
      'bootout gui/501/com.ocmesh.daemon',
    ]);
  });

  it('reports the pid and the last exit code', async () => {
    const { launchd } = scripted({}, () => true);
    expect(await launchd.state()).toEqual({
      isLoaded: true,
      pid: 4711,
      summary: 'running, last exit code 0',
    });
  });
});

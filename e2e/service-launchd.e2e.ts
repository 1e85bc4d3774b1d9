import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '@ocmesh/testkit';
import { expect } from 'vitest';
import type { InstalledService } from './support/installed-service.ts';
import { run } from './support/run.mjs';
import { describeService } from './support/service-cases.ts';
import { startLaunchdManager, whyNoLaunchd } from './support/service-manager.ts';

/** Returns what launchd reports about the job. */
async function job({
  manager,
}: InstalledService): Promise<{ pid: string | undefined; runs: string | undefined }> {
  const target = `gui/${process.getuid?.()}/com.ocmesh.daemon`;
  const { text } = await run('launchctl', ['print', target], manager.env);
  const find = (name: string): string | undefined => new RegExp(`^\\s*${name} = (\\d+)`, 'm').exec(text)?.[1];
  return { pid: find('pid'), runs: find('runs') };
}

describeService({
  name: process.platform === 'darwin' ? 'launchd' : 'the stand-in for launchd',
  why: whyNoLaunchd(),
  startManager: startLaunchdManager,
  specPath: 'Library/LaunchAgents/com.ocmesh.daemon.plist',
  kills: Number(process.env['SOAK_SERVICE_KILLS'] ?? 5),
  async whenPermanent(service) {
    // Started once more, then the process waits instead of exiting.
    const errorLog = join(service.home, 'app/service.err.log');
    await until(() => readFileSync(errorLog, 'utf8').includes('Trying again'));
    const waiting = await job(service);
    expect(waiting.pid).toBeDefined();
    await wait(2_000);
    expect(await job(service)).toEqual(waiting);
  },
});

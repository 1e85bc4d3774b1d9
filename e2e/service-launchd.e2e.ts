import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '@ocmesh/testkit';
import { expect } from 'vitest';
import { run } from './support/run.mjs';
import { startLaunchdBench, whyNoLaunchd } from './support/service-bench.ts';
import { describeService } from './support/service-cases.ts';
import type { ServiceLife } from './support/service-life.ts';

/** What launchd says of the job. */
async function job({ bench }: ServiceLife): Promise<{ pid: string | undefined; runs: string | undefined }> {
  const target = `gui/${process.getuid?.()}/com.ocmesh.daemon`;
  const { text } = await run('launchctl', ['print', target], bench.env);
  const find = (name: string): string | undefined => new RegExp(`^\\s*${name} = (\\d+)`, 'm').exec(text)?.[1];
  return { pid: find('pid'), runs: find('runs') };
}

describeService({
  name: process.platform === 'darwin' ? 'launchd' : 'the stand-in for launchd',
  why: whyNoLaunchd(),
  startBench: startLaunchdBench,
  definition: 'Library/LaunchAgents/com.ocmesh.daemon.plist',
  kills: Number(process.env['SOAK_SERVICE_KILLS'] ?? 5),
  async whenPermanent(life) {
    // Started once more, and then the process waits instead of ending.
    const errorLog = join(life.home, 'app/service.err.log');
    await until(() => readFileSync(errorLog, 'utf8').includes('Trying again'));
    const parked = await job(life);
    expect(parked.pid).toBeDefined();
    await wait(2_000);
    expect(await job(life)).toEqual(parked);
  },
});

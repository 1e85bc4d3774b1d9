import { setTimeout as wait } from 'node:timers/promises';
import { until } from '@ocmesh/testkit';
import { expect } from 'vitest';
import { run } from './support/run.mjs';
import { describeService } from './support/service-cases.ts';
import { startSystemdManager, whyNoSystemd } from './support/user-systemd.ts';

describeService({
  name: 'systemd --user',
  why: whyNoSystemd(),
  startManager: startSystemdManager,
  specPath: '.config/systemd/user/ocmesh.service',
  kills: Number(process.env['SOAK_SERVICE_KILLS'] ?? 2),
  async whenPermanent({ manager }) {
    const state = async () =>
      (
        await run(
          'systemctl',
          ['--user', 'show', 'ocmesh', '--property=ActiveState,NRestarts,ExecMainStatus'],
          manager.env,
        )
      ).text;
    const ended = await until(async () => {
      const now = await state();
      return now.includes('ActiveState=failed') && now;
    });
    expect(ended).toContain('ExecMainStatus=78');
    await wait(2_000);
    expect(await state()).toBe(ended);
  },
});

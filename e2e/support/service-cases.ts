import { chmodSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '@ocmesh/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import type { ServiceBench } from './service-bench.ts';
import { type ServiceLife, startServiceLife } from './service-life.ts';

const checkout = join(import.meta.dirname, '../..');

export interface ServiceCases {
  readonly name: string;
  /** Why the cases cannot run here. */
  readonly why: string | null;
  readonly startBench: (place: string) => Promise<ServiceBench>;
  /** What becomes of a daemon that only a person can help. */
  readonly whenPermanent: (life: ServiceLife) => Promise<void>;
  /** How often it is killed. */
  readonly kills: number;
  /** Where its definition stands, below HOME. */
  readonly definition: string;
}

/** One life of an installed daemon, from its installation to its end: each case goes on where the last one stopped. */
export function describeService({
  name,
  why,
  startBench,
  whenPermanent,
  kills,
  definition,
}: ServiceCases): void {
  if (why) console.log(`skipped: ${name}: ${why}`);
  describe.skipIf(why)(`the daemon under ${name}`, () => {
    let life: ServiceLife;
    let known: Awaited<ReturnType<ServiceLife['memory']>>;

    beforeAll(async () => {
      life = await startServiceLife(startBench);
    });
    afterAll(() => life?.close());

    /** What every case ends with. */
    const remembers = async (): Promise<void> => expect(await life.memory()).toEqual(known);
    const mustRun = async () => (await life.daemon()) ?? expect.fail('no daemon answers');
    const definitionPath = (): string => join(life.bench.env['HOME'] ?? '', definition);

    it('is installed by the script of the skill, and answers', async () => {
      const { code, text } = await life.sh(join(life.skill, 'scripts/install.sh'), '--watchdog', '3');
      expect(text).toMatch(/ocmesh \S+ is running: http:\/\/127\.0\.0\.1:\d+/);
      expect(code).toBe(0);
      expect(existsSync(definitionPath())).toBe(true);
      await life.letBobWrite('before everything');
      known = await life.memory();
      const status = await life.ocmesh('service', 'status');
      expect(status).toMatchObject({ code: 0, text: expect.stringContaining('is running') });
    });

    it(`is back after each of ${kills} kills`, async () => {
      const tookMs: number[] = [];
      for (let kill = 0; kill < kills; kill++) {
        const before = await mustRun();
        process.kill(before.pid, 'SIGKILL');
        tookMs.push(Math.round(await life.back(before)));
      }
      console.log(`${name}: back after ${tookMs.join(', ')} ms`);
      await remembers();
    });

    // The environment of a real launchd cannot be given what lets a daemon hang.
    it.skipIf(process.platform === 'darwin')('is killed and started again when it hangs', async () => {
      const before = await mustRun();
      process.kill(before.pid, 'SIGUSR2');
      await life.back(before);
      await remembers();
    });

    it('is not started again and again when only a person can help, and on demand once it was helped', async () => {
      const before = await mustRun();
      chmodSync(life.home, 0o755);
      process.kill(before.pid, 'SIGKILL');
      onTestFailed(async () => console.log((await life.ocmesh('service', 'status')).text));
      await whenPermanent(life);
      const status = await life.ocmesh('service', 'status');
      expect(status).toMatchObject({ code: 1, text: expect.stringContaining('Others may enter') });
      chmodSync(life.home, 0o700);
      const { code, text } = await life.ocmesh('service', 'restart');
      expect(text).toContain('is running');
      expect(code).toBe(0);
      await remembers();
    });

    it('is upgraded, and refuses to be downgraded', async () => {
      const older = life.current();
      const newer = await life.sh(join(life.makeVersion('9.8.0'), 'scripts/install.sh'), '--watchdog', '3');
      expect(newer).toMatchObject({ code: 0, text: expect.stringContaining('ocmesh 9.8.0 is running') });
      expect((await life.api.getStatus({})).daemon_version).toBe('9.8.0');
      const refused = await life.sh(join(life.skill, 'scripts/install.sh'));
      expect(refused).toMatchObject({
        code: 78,
        text: expect.stringContaining('Version 9.8.0 is installed'),
      });
      expect(existsSync(join(life.home, 'app', older))).toBe(true);
      await remembers();
    });

    it('goes back to the last version when the new one does not answer', async () => {
      const flaw = `if (process.argv[2] === 'start') { console.error('broken on purpose'); process.exit(1); }`;
      const script = join(life.makeVersion('9.9.0', flaw), 'scripts/install.sh');
      const { code, text } = await life.sh(script, '--wait', '2');
      expect(text).toContain('broken on purpose');
      expect(text).toContain('Version 9.8.0 is back');
      expect(code).toBe(1);
      expect(life.current()).toBe('9.8.0');
      await remembers();
    });

    it('is there again after the next login', async () => {
      const before = await mustRun();
      await life.bench.logInAgain();
      await life.back(before);
      await life.letBobWrite('after the login');
      const now = await life.memory();
      expect(now).toEqual({ ...known, messages: [...known.messages, now.messages.at(-1)] });
      known = now;
    });

    it('keeps its identity and messages when it is uninstalled, and installed from a checkout', async () => {
      const { pid } = await mustRun();
      expect(await life.sh(join(checkout, 'scripts/uninstall.sh'))).toMatchObject({ code: 0 });
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
      expect(existsSync(definitionPath())).toBe(false);
      expect(existsSync(join(life.home, 'app'))).toBe(false);
      expect(await life.sh(join(checkout, 'scripts/install.sh'))).toMatchObject({ code: 0 });
      await remembers();
    });

    it('names a Node that is gone, and leaves nothing behind after a purge', async () => {
      const gone = join(life.bench.env['HOME'] ?? '', 'node');
      await life.sh('-c', `ln -s '${process.execPath}' "$HOME/node"`);
      const installed = await life.ocmesh('service', 'install', '--node', gone);
      expect(installed).toMatchObject({ code: 0, text: expect.stringContaining('is running') });
      rmSync(gone);
      const refused = await life.ocmesh('service', 'restart');
      expect(refused).toMatchObject({
        code: 78,
        text: expect.stringContaining(`runs on ${gone}, and it does not exist`),
      });

      const { pid } = await mustRun();
      const purged = await life.sh(join(life.skill, 'scripts/uninstall.sh'), '--purge', '--yes');
      expect(purged).toMatchObject({ code: 0 });
      await until(() => {
        try {
          return !process.kill(pid, 0);
        } catch {
          return true;
        }
      });
      expect(existsSync(life.home)).toBe(false);
      await wait(1_000);
      expect(existsSync(life.home)).toBe(false);
    });

    it('uses no verb of launchctl that is out of use', () => {
      const verbs = new Set(life.bench.calls.map((call) => call.split(' ')[0]));
      for (const verb of verbs)
        expect(['enable', 'bootstrap', 'bootout', 'kickstart', 'print']).toContain(verb);
    });
  });
}

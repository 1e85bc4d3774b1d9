import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '@ocmesh/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { type InstalledService, startInstalledService } from './installed-service.ts';
import type { TestServiceManager } from './service-manager.ts';

const checkout = join(import.meta.dirname, '../..');

export interface ServiceCases {
  readonly name: string;
  /** Reason to skip the cases; null to run them. */
  readonly why: string | null;
  readonly startManager: (place: string) => Promise<TestServiceManager>;
  /** Checks a daemon that only a person can fix. */
  readonly whenPermanent: (service: InstalledService) => Promise<void>;
  /** Number of kills. */
  readonly kills: number;
  /** Path of the plist or unit, relative to HOME. */
  readonly specPath: string;
}

/** One installation from start to end: each case continues where the previous one stopped. */
export function describeService({
  name,
  why,
  startManager,
  whenPermanent,
  kills,
  specPath,
}: ServiceCases): void {
  if (why) console.log(`skipped: ${name}: ${why}`);
  describe.skipIf(why)(`the daemon under ${name}`, () => {
    let service: InstalledService;
    let known: Awaited<ReturnType<InstalledService['memory']>>;

    beforeAll(async () => {
      service = await startInstalledService(startManager);
    });
    afterAll(() => service?.close());

    /** Every case ends with this check. */
    const remembers = async (): Promise<void> => expect(await service.memory()).toEqual(known);
    const mustRun = async () => (await service.daemon()) ?? expect.fail('no daemon responds');
    const specFile = (): string => join(service.manager.env['HOME'] ?? '', specPath);

    it("the skill's script installs it, and it responds", async () => {
      const { code, text } = await service.sh(join(service.skill, 'scripts/install.sh'), '--watchdog', '3');
      expect(text).toMatch(/ocmesh \S+ is running: http:\/\/127\.0\.0\.1:\d+/);
      expect(code).toBe(0);
      expect(existsSync(specFile())).toBe(true);
      await service.letBobWrite('before everything');
      known = await service.memory();
      const status = await service.ocmesh('service', 'status');
      expect(status).toMatchObject({ code: 0, text: expect.stringContaining('is running') });
    });

    it(`is back after each of ${kills} kills`, async () => {
      const tookMs: number[] = [];
      for (let kill = 0; kill < kills; kill++) {
        const before = await mustRun();
        process.kill(before.pid, 'SIGKILL');
        tookMs.push(Math.round(await service.back(before)));
      }
      console.log(`${name}: back after ${tookMs.join(', ')} ms`);
      await remembers();
    });

    // A real launchd cannot be given the environment variable that makes the daemon hang.
    it.skipIf(process.platform === 'darwin')('is killed and restarted when it hangs', async () => {
      const before = await mustRun();
      process.kill(before.pid, 'SIGUSR2');
      await service.back(before);
      await remembers();
    });

    it('does not restart in a loop when only a person can help, and starts on demand after the repair', async () => {
      const before = await mustRun();
      const config = join(service.home, 'config.json');
      const settings = existsSync(config) ? readFileSync(config, 'utf8') : '{}';
      writeFileSync(config, '{ "colour": "blue" }', { mode: 0o600 });
      process.kill(before.pid, 'SIGKILL');
      onTestFailed(async () => console.log((await service.ocmesh('service', 'status')).text));
      await whenPermanent(service);
      const status = await service.ocmesh('service', 'status');
      expect(status).toMatchObject({ code: 1, text: expect.stringContaining('colour') });
      writeFileSync(config, settings);
      const { code, text } = await service.ocmesh('service', 'restart');
      expect(text).toContain('is running');
      expect(code).toBe(0);
      await remembers();
    });

    it('is upgraded, and refuses to be downgraded', async () => {
      const older = service.current();
      const newer = await service.sh(
        join(service.makeVersion('9.8.0'), 'scripts/install.sh'),
        '--watchdog',
        '3',
      );
      expect(newer).toMatchObject({ code: 0, text: expect.stringContaining('ocmesh 9.8.0 is running') });
      expect((await service.api.getStatus({})).daemon_version).toBe('9.8.0');
      const refused = await service.sh(join(service.skill, 'scripts/install.sh'));
      expect(refused).toMatchObject({
        code: 78,
        text: expect.stringContaining('Version 9.8.0 is installed'),
      });
      expect(existsSync(join(service.home, 'app', older))).toBe(true);
      await remembers();
    });

    it('restores the previous version when the new one does not respond', async () => {
      const flaw = `if (process.argv[2] === 'start') { console.error('broken on purpose'); process.exit(1); }`;
      const script = join(service.makeVersion('9.9.0', flaw), 'scripts/install.sh');
      const { code, text } = await service.sh(script, '--wait', '2');
      expect(text).toContain('broken on purpose');
      expect(text).toContain('Version 9.8.0 is back');
      expect(code).toBe(1);
      expect(service.current()).toBe('9.8.0');
      await remembers();
    });

    it('starts again at the next login', async () => {
      const before = await mustRun();
      await service.manager.logInAgain();
      await service.back(before);
      await service.letBobWrite('after the login');
      const now = await service.memory();
      expect(now).toEqual({ ...known, messages: [...known.messages, now.messages.at(-1)] });
      known = now;
    });

    it('keeps identity and messages across an uninstall, and installs from a checkout', async () => {
      const { pid } = await mustRun();
      expect(await service.sh(join(checkout, 'scripts/uninstall.sh'))).toMatchObject({ code: 0 });
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
      expect(existsSync(specFile())).toBe(false);
      expect(existsSync(join(service.home, 'app'))).toBe(false);
      expect(await service.sh(join(checkout, 'scripts/install.sh'))).toMatchObject({ code: 0 });
      await remembers();
    });

    it('reports a missing Node, and leaves nothing after a purge', async () => {
      const gone = join(service.manager.env['HOME'] ?? '', 'node');
      await service.sh('-c', `ln -s '${process.execPath}' "$HOME/node"`);
      const installed = await service.ocmesh('service', 'install', '--node', gone);
      expect(installed).toMatchObject({ code: 0, text: expect.stringContaining('is running') });
      rmSync(gone);
      const refused = await service.ocmesh('service', 'restart');
      expect(refused).toMatchObject({
        code: 78,
        text: expect.stringContaining(`runs on ${gone}, and it does not exist`),
      });

      const { pid } = await mustRun();
      const purged = await service.sh(join(service.skill, 'scripts/uninstall.sh'), '--purge', '--yes');
      expect(purged).toMatchObject({ code: 0 });
      await until(() => {
        try {
          return !process.kill(pid, 0);
        } catch {
          return true;
        }
      });
      expect(existsSync(service.home)).toBe(false);
      await wait(1_000);
      expect(existsSync(service.home)).toBe(false);
    });

    it('uses no deprecated launchctl verb', () => {
      const verbs = new Set(service.manager.calls.map((call) => call.split(' ')[0]));
      for (const verb of verbs)
        expect(['enable', 'bootstrap', 'bootout', 'kickstart', 'print']).toContain(verb);
    });
  });
}

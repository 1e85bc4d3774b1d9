import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type LaunchdStandIn, startLaunchdStandIn } from '@ocmesh/testkit';
import { run } from './run.mjs';

/** A service manager to test with, and a user of it. */
export interface ServiceBench {
  /** Of every command of that user. */
  readonly env: Readonly<Record<string, string>>;
  /** How long a killed daemon may be gone on an idle machine. */
  readonly backWithinMs: number;
  /** Calls of launchctl so far, where they can be seen. */
  readonly calls: readonly string[];
  /** Ends everything of the user and logs in again. */
  logInAgain(): Promise<void>;
  close(): Promise<void>;
}

const hangOnSignal = join(import.meta.dirname, 'hang-on-signal.mjs');
/** What a test wants in the environment of the daemon, and no user would. */
export const testEnvironment = { NODE_OPTIONS: `--import=${hangOnSignal}` };

/** Why there is no launchd to test with here; null when there is, be it the stand-in. */
export function whyNoLaunchd(): string | null {
  if (process.platform !== 'darwin') return null;
  const target = `gui/${process.getuid?.()}`;
  const succeeds = (name: string): boolean => {
    try {
      execFileSync('launchctl', ['print', name], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  if (!succeeds(target)) return 'there is no gui session of launchd';
  return succeeds(`${target}/com.ocmesh.daemon`) ? 'an ocmesh of this user is installed' : null;
}

/** The real launchd on a Mac, elsewhere the stand-in. The jobs' HOME has a name that only careful programs survive. */
export async function startLaunchdBench(place: string): Promise<ServiceBench> {
  const userHome = join(place, `space & < > ' "`);
  mkdirSync(userHome);
  const path = process.env['PATH'] ?? '';
  if (process.platform === 'darwin') return realLaunchd(userHome, path);
  // The soak has the time to wait as long as the plist says.
  const throttle = process.env['SOAK_SERVICE_KILLS'] ? {} : { throttleSec: 1 };
  const options = { place, userHome, environment: testEnvironment, ...throttle };
  let standIn: LaunchdStandIn = await startLaunchdStandIn(options);
  const calls: string[] = [];
  return {
    env: { HOME: userHome, PATH: `${standIn.binFolder}:${path}` },
    backWithinMs: 10_000,
    get calls() {
      return [...calls, ...standIn.calls];
    },
    async logInAgain() {
      await standIn.close();
      calls.push(...standIn.calls);
      standIn = await startLaunchdStandIn(options);
      const plist = join(userHome, 'Library/LaunchAgents/com.ocmesh.daemon.plist');
      const { code, text } = standIn.launchctl('bootstrap', `gui/${process.getuid?.()}`, plist);
      if (code !== 0) throw new Error(text);
    },
    close: () => standIn.close(),
  };
}

function realLaunchd(userHome: string, path: string): ServiceBench {
  const domain = `gui/${process.getuid?.()}`;
  const plist = join(userHome, 'Library/LaunchAgents/com.ocmesh.daemon.plist');
  const env = { HOME: userHome, PATH: path };
  const bootOut = () => run('launchctl', ['bootout', `${domain}/com.ocmesh.daemon`], env);
  return {
    env,
    backWithinMs: 10_000,
    calls: [],
    async logInAgain() {
      await bootOut();
      // The label stays taken for some seconds.
      for (let tries = 0; tries < 40; tries++) {
        if ((await run('launchctl', ['bootstrap', domain, plist], env)).code === 0) return;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      throw new Error('launchd does not take the job again');
    },
    async close() {
      await bootOut();
    },
  };
}

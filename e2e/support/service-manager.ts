import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type LaunchdStandIn, startLaunchdStandIn } from '@ocmesh/testkit';
import { run } from './run.mjs';

/** A service manager for tests, and a user who runs it. */
export interface TestServiceManager {
  /** Environment of every command of that user. */
  readonly env: Readonly<Record<string, string>>;
  /** How long a killed daemon may be gone on an idle machine. */
  readonly backWithinMs: number;
  /** Calls of launchctl so far; empty if they cannot be recorded. */
  readonly calls: readonly string[];
  /** Stops everything that the user runs, and logs in again. */
  logInAgain(): Promise<void>;
  close(): Promise<void>;
}

const hangOnSignal = join(import.meta.dirname, 'hang-on-signal.mjs');
/** Variables that a test adds to the daemon's environment. */
export const testEnvironment = { NODE_OPTIONS: `--import=${hangOnSignal}` };

/** Returns why launchd cannot be tested here; null if it can, with the real one or the stand-in. */
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

/** Starts the real launchd on a Mac, elsewhere the stand-in. HOME contains characters that break careless quoting. */
export async function startLaunchdManager(place: string): Promise<TestServiceManager> {
  const userHome = join(place, `space & < > ' "`);
  mkdirSync(userHome);
  const path = process.env['PATH'] ?? '';
  if (process.platform === 'darwin') return realLaunchd(userHome, path);
  // The soak uses the plist's real throttle interval.
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

function realLaunchd(userHome: string, path: string): TestServiceManager {
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

import { fstatSync, ftruncateSync } from 'node:fs';
import { backoffMs, type Clock, type Log, pause } from '@ocmesh/shared/ambient';
import { createStderrLog } from '../../adapters/log/logger.ts';
import { ExitError, exitCodes, toExitError } from '../../adapters/system/exit.ts';
import { createSdNotifier } from '../../adapters/system/sd-notify.ts';
import { startWatchdog } from '../../adapters/system/watchdog.ts';
import type { Daemon } from '../../app.ts';
import { serviceLimits } from '../../service/limits.ts';
import { parseSeconds } from '../terminal/number-options.ts';

export interface SupervisionFlags {
  readonly supervisor?: string;
  readonly watchdog?: string;
}

/** The daemon's side of its contract with the service manager that runs it. */
export interface Supervision {
  /** Calls `start`; repeatedly under a service manager that restarts even a process whose problem only a person can fix. */
  start(start: () => Promise<Daemon>): Promise<Daemon>;
  onStarted(daemon: Daemon): void;
  onStopping(): void;
}

/**
 * Creates the supervision that `ocmesh service` asked for, or none.
 * @param log for what keeps the daemon from starting, while its own log may not be open
 * @throws ExitError for an unknown service manager
 */
export function superviseBy(
  { supervisor, watchdog }: SupervisionFlags,
  clock: Clock,
  log: Log = createStderrLog(clock, 'info'),
): Supervision {
  if (supervisor === undefined) return { start: (start) => start(), onStarted() {}, onStopping() {} };
  truncateErrorLog();
  if (supervisor === 'launchd') {
    const stuckMs = parseSeconds('--watchdog', watchdog, serviceLimits.watchdogSeconds) * 1000;
    return {
      start: (start) => retryUntilFixed(start, clock, log),
      onStarted: () => void startWatchdog(clock, stuckMs),
      onStopping() {},
    };
  }
  if (supervisor !== 'systemd')
    throw new ExitError(exitCodes.permanent, '--supervisor must be launchd or systemd.');
  let notifier: ReturnType<typeof createSdNotifier> | undefined;
  return {
    start: (start) => start(),
    onStarted({ log }) {
      notifier = createSdNotifier(process.env, clock, log);
      notifier.ready();
    },
    onStopping: () => notifier?.stopping(),
  };
}

const retryPause = {
  firstMs: serviceLimits.retryFirstSeconds * 1000,
  maxMs: serviceLimits.retryMaxSeconds * 1000,
};

/**
 * Retries with back-off while only a person can fix the problem. launchd restarts a process whatever its exit code, so
 * exiting would not stop it from trying.
 */
async function retryUntilFixed(start: () => Promise<Daemon>, clock: Clock, log: Log): Promise<Daemon> {
  for (let failures = 0; ; failures++) {
    const pauseMs = backoffMs(retryPause, failures);
    try {
      return await start();
    } catch (error) {
      const known = error instanceof ExitError ? error : toExitError(error);
      if (known?.exitCode !== exitCodes.permanent) throw error;
      log.error(`${known.message} Trying again in ${pauseMs / 1000} s.`);
    }
    await pause(clock, pauseMs);
  }
}

/** Service managers open this file for us and never rotate it. */
function truncateErrorLog(): void {
  const file = fstatSync(2);
  if (file.isFile() && file.size > serviceLimits.errorLogBytes) ftruncateSync(2);
}

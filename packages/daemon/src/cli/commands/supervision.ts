import { fstatSync, ftruncateSync } from 'node:fs';
import { type Clock, type Log, pause } from '@ocmesh/shared/ambient';
import { createStderrLog } from '../../adapters/log/logger.ts';
import { ExitError, exitCodes } from '../../adapters/system/exit.ts';
import { createSdNotifier } from '../../adapters/system/sd-notify.ts';
import { startWatchdog } from '../../adapters/system/watchdog.ts';
import type { Daemon } from '../../app.ts';
import { serviceLimits } from '../../service/limits.ts';
import { parseSeconds } from '../terminal/number-options.ts';

export interface SupervisionFlags {
  readonly supervisor?: string;
  readonly watchdog?: string;
}

/** What a daemon owes to whoever keeps it alive. */
export interface Supervision {
  /** Calls `start`, again and again where the service manager would. */
  start(start: () => Promise<Daemon>): Promise<Daemon>;
  onStarted(daemon: Daemon): void;
  onStopping(): void;
}

/**
 * @param log of what keeps the daemon from starting, when its own log may not be open
 * @throws ExitError for a service manager that we do not know
 */
export function superviseBy(
  { supervisor, watchdog }: SupervisionFlags,
  clock: Clock,
  log: Log = createStderrLog(clock, 'info'),
): Supervision {
  if (supervisor === undefined) return { start: (start) => start(), onStarted() {}, onStopping() {} };
  shortenErrorLog();
  if (supervisor === 'launchd') {
    const stuckMs = parseSeconds('--watchdog', watchdog, serviceLimits.watchdogSeconds) * 1000;
    return {
      start: (start) => park(start, clock, log),
      onStarted: () => void startWatchdog(clock, stuckMs),
      onStopping() {},
    };
  }
  if (supervisor !== 'systemd')
    throw new ExitError(exitCodes.permanent, '--supervisor takes launchd or systemd.');
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

/**
 * launchd starts what ended, whatever its exit code. What only a person can help is therefore waited for here: the
 * process stays, and looks less and less often whether it was helped.
 */
async function park(start: () => Promise<Daemon>, clock: Clock, log: Log): Promise<Daemon> {
  for (
    let pauseSec: number = serviceLimits.retryFirstSeconds;
    ;
    pauseSec = Math.min(pauseSec * 2, serviceLimits.retryMaxSeconds)
  ) {
    try {
      return await start();
    } catch (error) {
      if (!(error instanceof ExitError) || error.exitCode !== exitCodes.permanent) throw error;
      log.error(`${error.message} Looking again in ${pauseSec} s.`);
    }
    await pause(clock, pauseSec * 1000);
  }
}

/** The service manager opened it for us and lets it grow for ever. */
function shortenErrorLog(): void {
  const file = fstatSync(2);
  if (file.isFile() && file.size > serviceLimits.errorLogBytes) ftruncateSync(2);
}

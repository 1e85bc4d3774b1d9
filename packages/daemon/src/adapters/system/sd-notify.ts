import { execFile } from 'node:child_process';
import { type Cancel, type Clock, every, type Log } from '@ocmesh/shared/ambient';

/** Watchdog pings within the time that systemd allows: two may get lost. */
const PINGS = 3;

export interface SdNotifier {
  /** Reports that the daemon is ready, and pings the watchdog from then on. */
  ready(): void;
  stopping(): void;
}

/**
 * Notifies systemd (sd_notify(3)) if it started us. Node has no Unix datagrams, and every library for them is native
 * code; systemd's own `systemd-notify` is always there, and one process every 20 s costs nothing.
 */
export function createSdNotifier(
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  log: Log,
): SdNotifier {
  let stopPings: Cancel = () => {};

  function notify(state: string): void {
    if (!env['NOTIFY_SOCKET']) return;
    execFile('systemd-notify', [state], (error) => {
      if (error) log.warn('systemd was not notified', { state, error: error.message });
    });
  }

  return {
    ready() {
      notify('READY=1');
      const allowedMs = Number(env['WATCHDOG_USEC']) / 1000;
      if (allowedMs > 0) stopPings = every(clock, allowedMs / PINGS, () => notify('WATCHDOG=1'));
    },
    stopping() {
      stopPings();
      notify('STOPPING=1');
    },
  };
}

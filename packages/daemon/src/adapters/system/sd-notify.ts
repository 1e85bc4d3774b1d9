import { execFile } from 'node:child_process';
import { type Cancel, type Clock, every, type Log } from '@ocmesh/shared/ambient';

/** Signs of life within the time that systemd allows: two may get lost. */
const PINGS = 3;

export interface SdNotifier {
  /** Says that the daemon serves, and from then on that it lives. */
  ready(): void;
  stopping(): void;
}

/**
 * Speaks to systemd (sd_notify(3)) where it listens; says nothing elsewhere. Node has no Unix datagrams, and every
 * library for them is native code: systemd's own `systemd-notify` is always there, and one process in 20 s costs nothing.
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

import type { Clock, Log, UnixMs } from '@ocmesh/shared/ambient';
import { cutChars, limits, type RelayState } from '@ocmesh/shared/contract';
import type { RelaySnapshot } from '../../core/ports/relay-network.ts';
import type { AttemptEnd, ConnectionAttempt } from './connection-attempt.ts';

type Status = Pick<
  RelaySnapshot,
  | 'open'
  | 'state'
  | 'connectedSince'
  | 'carriesDms'
  | 'sharesSubscription'
  | 'lastError'
  | 'isProxyDown'
  | 'roundTripMs'
>;

/** The state of one relay that we report and log, across its connections. */
export interface SessionStatus {
  onOpen(): void;
  onRefused(reason: string): void;
  onRoundTrip(ms: number): void;
  /** @param backoffUntil end of the back-off that follows; null if there is none */
  onClose(end: AttemptEnd, backoffUntil: UnixMs | null): void;
  /** Calls `onState` if the state is not the one that was reported last. */
  reportState(): void;
  /** Whether the proxy, and not the relay, is why an attempt ended this way. */
  blamesProxy(fault: AttemptEnd['proxyFault']): boolean;
  current(): Status;
}

export function createSessionStatus(deps: {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Returns the connection, or the attempt to open one; null between attempts. */
  readonly attempt: () => ConnectionAttempt | null;
  readonly isProxyInUse: () => boolean;
  readonly onState: (state: RelayState) => void;
}): SessionStatus {
  const { url, clock, log, attempt, onState } = deps;
  /** State between attempts. */
  let downState: RelayState = 'disconnected';
  let reportedState: RelayState = 'disconnected';
  let lastError: string | null = null;
  let proxyFault: AttemptEnd['proxyFault'] = null;
  let roundTripMs: number | null = null;
  /** State of the last logged back-off: an attempt that ends in the same one is not logged again. */
  let loggedBackoff: RelayState | null = null;

  const state = (): RelayState => attempt()?.state() ?? downState;
  const setError = (reason: string): void => {
    lastError = cutChars(reason, limits.relay.reasonChars);
  };

  /** A proxy that connects us to other relays refuses this one for a reason of its own, or cannot reach it. */
  const blamesProxy: SessionStatus['blamesProxy'] = (fault) =>
    fault === 'down' || (fault === 'refused' && !deps.isProxyInUse());

  function reportState(): void {
    const now = state();
    if (now === reportedState) return;
    reportedState = now;
    onState(now);
  }

  function logBackoff(untilMs: UnixMs): void {
    if (loggedBackoff === downState) return;
    loggedBackoff = downState;
    const minutes = Math.round((untilMs - clock.now()) / 60_000);
    log.warn('relay is in back-off', { relay: url, state: downState, reason: lastError, minutes });
  }

  return {
    onOpen() {
      lastError = null;
      proxyFault = null;
      log.info(`relay connected to ${url}`);
    },
    onRefused(reason) {
      setError(reason);
      reportState();
    },
    onRoundTrip(ms) {
      roundTripMs = ms;
    },
    onClose(end, backoffUntil) {
      downState = end.state;
      proxyFault = end.proxyFault;
      setError(end.reason);
      if (end.wasStable) loggedBackoff = null;
      if (end.timedOut) log.warn('connection timeout', { relay: url });
      if (end.wasOpen) log.warn('relay disconnected', { relay: url, reason: lastError });
      else log.debug('relay not reached', { relay: url, reason: lastError });
      if (backoffUntil !== null) logBackoff(backoffUntil);
    },
    reportState,
    blamesProxy,
    current: () => ({
      open: attempt()?.isOpen() ?? false,
      state: state(),
      connectedSince: attempt()?.connectedSince() ?? null,
      carriesDms: attempt()?.protocol.carriesDms() ?? false,
      sharesSubscription: attempt()?.protocol.sharesSubscription() ?? false,
      lastError,
      isProxyDown: blamesProxy(proxyFault),
      roundTripMs,
    }),
  };
}

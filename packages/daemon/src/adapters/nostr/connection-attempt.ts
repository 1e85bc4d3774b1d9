import type { LookupFunction } from 'node:net';
import type { MonotonicMs, UnixMs } from '@ocmesh/shared/ambient';
import type { RelayState } from '@ocmesh/shared/contract';
import { type CloseContext, type CloseResult, classifyClose } from './close-reason.ts';
import { type ConnectionEnd, type OpenSocket, openConnection } from './connection.ts';
import { nostrLimits } from './limits.ts';
import type { Oversized } from './oversized.ts';
import { createProtocol, type Protocol, type ProtocolDeps } from './protocol.ts';
import type { Dialer } from './proxy/dialer.ts';

/** One connection to a relay and all that is true only for it; the next connection is another attempt. */
export interface ConnectionAttempt {
  readonly protocol: Protocol;
  isOpen(): boolean;
  /** Returns when the connection opened; null before that. */
  connectedSince(): UnixMs | null;
  state(): RelayState;
  /** Disconnects unless a ping is answered soon. */
  probe(): void;
  /** The relay used up its reputation: disconnects, or logs it once if the relay is needed. */
  onReputationLost(offence: string, isNeeded: boolean): void;
  /** Disconnects because the relay is no longer used; reports only the close. */
  stop(): void;
}

export interface AttemptEnd extends CloseResult {
  readonly reason: string;
  readonly timedOut: boolean;
  readonly proxyFault: ConnectionEnd['proxyFault'];
  readonly wasOpen: boolean;
  /** It was open long enough for the pauses to start over. */
  readonly wasStable: boolean;
}

export interface AttemptDeps extends Omit<ProtocolDeps, 'send' | 'giveUp'> {
  readonly dialer: Dialer;
  /** Replaces the system's name lookup; undefined for relays that may have any address. */
  readonly lookup: LookupFunction | undefined;
  readonly oversized: Oversized;
  readonly openSocket?: OpenSocket | undefined;
  /**
   * @param date HTTP `Date` of the upgrade
   * @param askedAt when we asked for the upgrade
   */
  readonly onOpen: (date: string | null, askedAt: MonotonicMs) => void;
  /** Called exactly once, and last. */
  readonly onClose: (end: AttemptEnd) => void;
}

/** Connects to a relay. */
export function startConnectionAttempt(deps: AttemptDeps): ConnectionAttempt {
  const { dialer, lookup, oversized: _, openSocket, onOpen, onClose, ...protocolDeps } = deps;
  const { url, clock, log, info, onOffence } = protocolDeps;
  const askedAt = clock.monotonic();
  let opened: { readonly at: MonotonicMs; readonly since: UnixMs } | null = null;
  let gaveUp: CloseContext['gaveUp'] = null;
  let hasMisbehaved = false;

  const protocol = createProtocol({
    ...protocolDeps,
    send: (frame) => connection.send(frame),
    giveUp: (reason) => disconnect('unanswered', reason),
  });
  const connection = openConnection(
    url,
    { clock, dialer, lookup, openSocket },
    {
      onOpen(date) {
        opened = { at: clock.monotonic(), since: clock.now() };
        onOpen(date, askedAt);
      },
      onText: protocol.onText,
      onUnreadable(head, bytes, why) {
        if (why === 'frame_too_large') spend(bytes);
        protocol.onUnreadable(head, bytes, why);
      },
      onDropped: spend,
      onGarbage: () => onOffence('garbage_frame'),
      onClose: onEnd,
    },
  );

  function disconnect(why: CloseContext['gaveUp'], reason: string): void {
    gaveUp = why;
    connection.terminate(reason);
  }

  /** Counts bytes of frames that are too large to be read. */
  function spend(bytes: number): void {
    if (deps.oversized.spend(bytes) || gaveUp) return;
    log.warn('relay sends too much that is too large', { relay: url });
    disconnect('oversized', 'it sends too much that is too large');
  }

  function onEnd(end: ConnectionEnd): void {
    const result = classifyClose(end, {
      gaveUp,
      refused: protocol.refused(),
      auth: protocol.auth(),
      info: info(),
      nowMs: clock.now(),
    });
    protocol.close();
    const openMs = opened ? clock.monotonic() - opened.at : 0;
    onClose({
      ...result,
      reason: end.reason,
      timedOut: end.timedOut,
      proxyFault: end.proxyFault,
      wasOpen: opened !== null,
      wasStable: !gaveUp && openMs >= nostrLimits.reconnect.stableMs,
    });
  }

  return {
    protocol,
    isOpen: () => opened !== null,
    connectedSince: () => opened?.since ?? null,
    state: () => (opened ? (protocol.refused()?.state ?? 'connected') : 'connecting'),
    probe: connection.probe,
    onReputationLost(offence, isNeeded) {
      if (!opened) return;
      if (!isNeeded) return disconnect('misbehaved', `it misbehaves: ${offence}`);
      if (!hasMisbehaved) log.warn('relay misbehaves, and no other is connected', { relay: url, offence });
      hasMisbehaved = true;
    },
    stop() {
      protocol.close();
      connection.terminate('stopped');
    },
  };
}

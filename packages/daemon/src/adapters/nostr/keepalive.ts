import type { Clock } from '@ocmesh/shared/ambient';
import { nostrLimits } from './limits.ts';

interface PingSocket {
  ping(data?: string): void;
  on(event: 'pong', listener: (data: Buffer) => void): unknown;
  off(event: 'pong', listener: (data: Buffer) => void): unknown;
}

/** Detects a relay that vanished without closing the connection: pings it when it has been silent. */
export function createKeepalive(deps: {
  readonly clock: Clock;
  readonly socket: PingSocket;
  readonly onTimeout: (reason: string) => void;
}) {
  const { clock, socket, onTimeout } = deps;
  let lastHeardAt = clock.monotonic();
  let probes = 0;
  let cancelHeartbeat = (): void => {};
  let cancelProbe = (): void => {};

  function start(): void {
    cancelHeartbeat = clock.after(nostrLimits.connection.pingMs, () => {
      if (clock.monotonic() - lastHeardAt >= nostrLimits.connection.pingMs) socket.ping();
      cancelHeartbeat = clock.after(nostrLimits.connection.pongMs, () => {
        if (clock.monotonic() - lastHeardAt < nostrLimits.connection.pingMs + nostrLimits.connection.pongMs)
          start();
        else onTimeout('no response to a ping');
      });
    });
  }

  return {
    /** The connection is open. */
    start,
    /** Something came from the relay. */
    heard(): void {
      lastHeardAt = clock.monotonic();
    },
    /** Times out soon unless this very ping is answered: anything else may have waited in the network for hours. */
    probe(): void {
      cancelProbe();
      const token = `wake ${++probes}`;
      const onPong = (data: Buffer): void => {
        if (data.toString() === token) cancelProbe();
      };
      const cancelTimer = clock.after(nostrLimits.connection.wakePongMs, () =>
        onTimeout('no response to a ping after a wake-up'),
      );
      cancelProbe = () => {
        cancelTimer();
        socket.off('pong', onPong);
      };
      socket.on('pong', onPong);
      socket.ping(token);
    },
    stop(): void {
      cancelHeartbeat();
      cancelProbe();
    },
  };
}

import type { Cancel } from '@ocmesh/shared/ambient';
import type { WebSocket } from 'ws';

/**
 * Sends frames as fast as the client reads them. 500 events can be 30 MB: sent at once, they would look like a client
 * that does not read, and an honest one would be disconnected at each try.
 * @param bufferedBytes bytes that may wait for the client before the next frame waits, too
 */
export function sendPaced(socket: WebSocket, frames: Iterator<string>, bufferedBytes: number): Cancel {
  let stopped = false;
  sendMore();

  function sendMore(): void {
    while (!stopped) {
      const { value: frame, done } = frames.next();
      if (done || socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > bufferedBytes) {
        socket.send(frame, (error) => {
          if (!error) sendMore();
        });
        return;
      }
      socket.send(frame);
    }
  }

  return () => {
    stopped = true;
  };
}

import type { Cancel } from '@ocmesh/shared/ambient';
import type { WebSocket } from 'ws';

/**
 * Sends the frames as fast as the client reads them. 500 events can be 30 MB: sent at once they would look like
 * a client that does not read, and cut off an honest one at each try.
 */
export function sendAnswer(socket: WebSocket, frames: Iterator<string>, waitingBytes: number): Cancel {
  let stopped = false;
  sendMore();

  function sendMore(): void {
    while (!stopped) {
      const { value: frame, done } = frames.next();
      if (done || socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > waitingBytes) {
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

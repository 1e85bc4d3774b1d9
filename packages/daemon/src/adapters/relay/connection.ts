// The only import of ws in the daemon.
import type { Clock } from '@ocmesh/shared/ambient';
import { limits } from '@ocmesh/shared/contract';
import { WebSocket } from 'ws';

export interface ConnectionListener {
  onOpen(): void;
  onText(text: string): void;
  onGarbage(reason: 'garbage_frame' | 'frame_too_large'): void;
  /** Once, whatever happened; nothing comes after it. `timedOut`: the handshake or a ping was not answered. */
  onClose(reason: string, timedOut: boolean): void;
}

export interface Connection {
  /** false when the frame was not taken: the socket is not open, or the relay reads too slowly. */
  send(text: string): boolean;
  /** Hangs up at once. `close()` would wait 30 s for a silent relay. */
  terminate(): void;
}

/** One WebSocket to one relay, until it breaks. Never throws: every end is an `onClose`. */
export function openConnection(url: string, clock: Clock, listener: ConnectionListener): Connection {
  const socket = new WebSocket(url, {
    handshakeTimeout: limits.relayConnectMs,
    maxPayload: limits.frameBytes,
    perMessageDeflate: false,
    followRedirects: false,
  });
  let lastHeardAt = clock.monotonic();
  let reason = '';
  let timedOut = false;
  let cancelHeartbeat = (): void => {};

  // ws also emits errors after the socket was given up: without a listener they would end the process.
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') listener.onGarbage('frame_too_large');
    timedOut ||= error.message.includes('handshake has timed out');
    reason ||= error.message;
  });
  socket.on('open', () => {
    heard();
    heartbeat();
    listener.onOpen();
  });
  socket.on('message', (data, isBinary) => {
    heard();
    if (isBinary) listener.onGarbage('garbage_frame');
    else listener.onText(String(data));
  });
  socket.on('ping', heard);
  socket.on('pong', heard);
  socket.on('close', (code) => {
    cancelHeartbeat();
    listener.onClose(reason || `closed with code ${code}`, timedOut);
  });

  function heard(): void {
    lastHeardAt = clock.monotonic();
  }

  /** A relay that vanished without a word shows only by not answering. */
  function heartbeat(): void {
    cancelHeartbeat = clock.after(limits.relayPingMs, () => {
      if (clock.monotonic() - lastHeardAt >= limits.relayPingMs) socket.ping();
      cancelHeartbeat = clock.after(limits.relayPongMs, () => {
        if (clock.monotonic() - lastHeardAt < limits.relayPingMs + limits.relayPongMs) return heartbeat();
        timedOut = true;
        reason = 'no answer to a ping';
        socket.terminate();
      });
    });
  }

  return {
    send(text) {
      if (socket.readyState !== WebSocket.OPEN) return false;
      if (socket.bufferedAmount > limits.relayBufferedBytes) {
        reason = 'the relay reads too slowly';
        socket.terminate();
        return false;
      }
      socket.send(text);
      return true;
    },
    terminate: () => socket.terminate(),
  };
}

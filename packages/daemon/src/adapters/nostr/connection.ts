// The only file of the daemon that imports ws.
import type { LookupFunction } from 'node:net';
import type { Clock } from '@ocmesh/shared/ambient';
import { wireLimits } from '@ocmesh/shared/wire';
import { type ClientOptions, WebSocket } from 'ws';
import { createInboundThrottle } from './inbound-throttle.ts';
import { nostrLimits } from './limits.ts';

/** For a relay that said goodbye, or was told to, and leaves the connection standing. */
const CLOSE_MS = 1_000;

/** How a connection ended. */
export interface End {
  readonly reason: string;
  /** What the relay said when it closed; empty when it said nothing, or we hung up. */
  readonly words: string;
  /** The handshake or a ping was not answered. */
  readonly timedOut: boolean;
  /** Of a relay that answered the upgrade with something else. */
  readonly http: { readonly status: number; readonly retryAfter: string | null } | null;
}

export interface ConnectionListener {
  /** @param date the HTTP `Date` of the upgrade */
  onOpen(date: string | null): void;
  onText(text: string, bytes: number): void;
  onGarbage(reason: 'garbage_frame' | 'frame_too_large'): void;
  /** Once, whatever happened; nothing comes after it. */
  onClose(end: End): void;
}

export interface Connection {
  /** false when the frame was not taken: the socket is not open, or the relay reads too slowly. */
  send(text: string): boolean;
  /** Hangs up unless a ping is answered soon. */
  probe(): void;
  /** Hangs up at once: `close()` would wait 30 s for a silent relay. What still comes is not heard. */
  terminate(reason: string): void;
}

type Frame = 'binary' | 'control' | { readonly text: Buffer };

/** One WebSocket to one relay, until it breaks. Never throws: every end is an `onClose`. */
export function openConnection(
  url: string,
  deps: { readonly clock: Clock; readonly lookup: LookupFunction | undefined },
  listener: ConnectionListener,
): Connection {
  const { clock, lookup } = deps;
  const options: ClientOptions & { closeTimeout: number; lookup?: LookupFunction } = {
    closeTimeout: CLOSE_MS,
    maxPayload: wireLimits.frame.bytes,
    perMessageDeflate: false,
    followRedirects: false,
    ...(lookup ? { lookup } : {}),
  };
  const socket = new WebSocket(url, options);
  const intake = createInboundThrottle<Frame>({ clock, socket, handle });
  let date: string | null = null;
  let lastHeardAt = clock.monotonic();
  let isOver = false;
  let probes = 0;
  const end: { reason: string; timedOut: boolean; http: End['http'] } = {
    reason: '',
    timedOut: false,
    http: null,
  };
  // ws would count only silence: a relay that answers one byte a second would never be too late.
  let cancelDeadline = clock.after(nostrLimits.connection.handshakeMs, () =>
    timeOut('the handshake has timed out'),
  );
  let cancelProbe = (): void => {};

  // ws also emits errors after the socket was given up: without a listener they would end the process.
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (!isOver && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') listener.onGarbage('frame_too_large');
    end.reason ||= error.message;
  });
  socket.on('upgrade', (response) => {
    date = response.headers.date ?? null;
  });
  socket.on('unexpected-response', (_request, response) => {
    const status = response.statusCode ?? 0;
    end.http = { status, retryAfter: response.headers['retry-after'] ?? null };
    hangUp(`the relay answered with HTTP ${status}`);
  });
  socket.on('open', () => {
    cancelDeadline();
    heard();
    heartbeat();
    listener.onOpen(date);
  });
  socket.on('message', (data, isBinary) => {
    const bytes = (data as Buffer).length;
    take(isBinary ? 'binary' : { text: data as Buffer }, bytes);
  });
  socket.on('ping', (data) => take('control', data.length));
  socket.on('pong', (data) => take('control', data.length));
  socket.on('close', (code, words) => {
    cancelDeadline();
    cancelProbe();
    const spoken = end.reason === '' ? words.toString() : '';
    const reason = end.reason || `closed with code ${code}${spoken && `: ${spoken}`}`;
    // The relay's last words come before its goodbye.
    intake.whenDone(() => {
      isOver = true;
      intake.stop();
      listener.onClose({ ...end, reason, words: spoken });
    });
  });

  function take(frame: Frame, bytes: number): void {
    heard();
    intake.take(frame, bytes);
  }

  function handle(frame: Frame): void {
    if (frame === 'binary') listener.onGarbage('garbage_frame');
    else if (frame !== 'control') listener.onText(frame.text.toString('utf8'), frame.text.length);
  }

  function heard(): void {
    lastHeardAt = clock.monotonic();
  }

  /** A relay that vanished without a word shows only by not answering. */
  function heartbeat(): void {
    cancelDeadline = clock.after(nostrLimits.connection.pingMs, () => {
      if (clock.monotonic() - lastHeardAt >= nostrLimits.connection.pingMs) socket.ping();
      cancelDeadline = clock.after(nostrLimits.connection.pongMs, () => {
        if (clock.monotonic() - lastHeardAt < nostrLimits.connection.pingMs + nostrLimits.connection.pongMs)
          heartbeat();
        else timeOut('no answer to a ping');
      });
    });
  }

  /** Only the answer to this very ping counts: what else comes may have waited in the network for hours. */
  function probe(): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    cancelProbe();
    const token = `wake ${++probes}`;
    const onPong = (data: Buffer): void => {
      if (data.toString() === token) cancelProbe();
    };
    const cancelTimer = clock.after(nostrLimits.connection.wakePongMs, () =>
      timeOut('no answer to a ping after a wake-up'),
    );
    cancelProbe = () => {
      cancelTimer();
      socket.off('pong', onPong);
    };
    socket.on('pong', onPong);
    socket.ping(token);
  }

  function timeOut(reason: string): void {
    end.timedOut = true;
    hangUp(reason);
  }

  function hangUp(reason: string): void {
    end.reason ||= reason;
    isOver = true;
    intake.stop();
    socket.terminate();
  }

  return {
    send(text) {
      if (isOver || socket.readyState !== WebSocket.OPEN) return false;
      if (socket.bufferedAmount > nostrLimits.connection.bufferedBytes) {
        hangUp('the relay reads too slowly');
        return false;
      }
      socket.send(text);
      return true;
    },
    probe,
    terminate: hangUp,
  };
}

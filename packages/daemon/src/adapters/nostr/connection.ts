// The only file of the daemon that imports ws.
import { isUtf8 } from 'node:buffer';
import type { LookupFunction, Socket } from 'node:net';
import type { Clock } from '@ocmesh/shared/ambient';
import { wireLimits } from '@ocmesh/shared/wire';
import { type ClientOptions, WebSocket } from 'ws';
import { cutIncoming } from './frame-cutter.ts';
import { isFilterPage, ourHeaders, responseDate } from './http-headers.ts';
import { createInboundThrottle } from './inbound-throttle.ts';
import { createKeepalive } from './keepalive.ts';
import { nostrLimits } from './limits.ts';
import type { Dialer } from './proxy/dialer.ts';
import { ProxyError } from './proxy/proxy-error.ts';

/** What is kept of a message: one byte more than we read. */
const KEPT_BYTES = wireLimits.frame.bytes + 1;

/** Characters of a skipped frame that tell what it is. */
const HEAD_CHARS = 200;

/** Time for the closing handshake, after which the socket is destroyed. */
const CLOSE_MS = 1_000;

/** How a connection ended. */
export interface ConnectionEnd {
  readonly reason: string;
  /** The reason in the relay's close frame; empty if it gave none, or we disconnected. */
  readonly closeReason: string;
  /** The handshake or a ping was not answered. */
  readonly timedOut: boolean;
  /** How our proxy failed; null if it did not. */
  readonly proxyFault: ProxyError['fault'] | null;
  /** The relay's HTTP response, if it was not an upgrade. */
  readonly http: {
    readonly status: number;
    readonly retryAfter: string | null;
    /** A proxy or filter in front of the relay responded, not the relay. */
    readonly isFilterPage: boolean;
  } | null;
}

export interface ConnectionListener {
  /** @param date HTTP `Date` of the upgrade */
  onOpen(date: string | null): void;
  onText(text: string, bytes: number): void;
  /**
   * A text message cannot be read.
   * @param head its first characters
   * @param bytes its size, without those that `onDropped` reported
   */
  onUnreadable(head: string, bytes: number, why: Unreadable): void;
  /** Bytes of a message that is too large came and were dropped. */
  onDropped(bytes: number): void;
  onGarbage(): void;
  /** Called exactly once, and last. */
  onClose(end: ConnectionEnd): void;
}

export interface Connection {
  /** Returns false if the frame was not sent: the socket is not open, or the relay reads too slowly. */
  send(text: string): boolean;
  /** Disconnects unless a ping is answered soon. */
  probe(): void;
  /** Disconnects at once: `close()` would wait 30 s for a silent relay. Frames that still come are dropped. */
  terminate(reason: string): void;
}

/** Why a message cannot be read: it is too large, or no UTF-8. */
export type Unreadable = 'frame_too_large' | 'malformed';

type Frame =
  | 'binary'
  | 'control'
  | { readonly text: Buffer }
  | { readonly head: string; readonly bytes: number; readonly why: Unreadable };

/** Opens the socket of a connection. */
export type OpenSocket = (url: string, options: ClientOptions) => WebSocket;

const openWebSocket: OpenSocket = (url, options) => new WebSocket(url, options);

/** Opens one WebSocket to a relay. Never throws: every failure is an `onClose`. */
export function openConnection(
  url: string,
  deps: {
    readonly clock: Clock;
    readonly dialer: Dialer;
    readonly lookup: LookupFunction | undefined;
    readonly openSocket?: OpenSocket | undefined;
  },
  listener: ConnectionListener,
): Connection {
  const { clock, dialer, openSocket = openWebSocket } = deps;
  const dialing = new AbortController();
  const socket = openSocket(url, {
    ...socketOptions,
    ...(dialer.optionsFor(url, dialing.signal, deps.lookup) as ClientOptions),
  });
  const throttle = createInboundThrottle<Frame>({ clock, socket, handle });
  const keepalive = createKeepalive({ clock, socket, onTimeout: timeOut });
  let date: string | null = null;
  let isOver = false;
  let cork = (): void => {};
  const end = {
    reason: '',
    timedOut: false,
    proxyFault: null as ConnectionEnd['proxyFault'],
    http: null as ConnectionEnd['http'],
  };
  // ws would count only silence: a relay that sends one byte a second would never time out.
  const tunnelMs = dialer.usesProxy(url) ? nostrLimits.proxy.tunnelMs : 0;
  const cancelHandshake = clock.after(nostrLimits.connection.handshakeMs + tunnelMs, () =>
    timeOut('the handshake has timed out'),
  );

  // ws also emits errors after the socket was terminated: without a listener they would end the process.
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error instanceof ProxyError && end.reason === '') end.proxyFault = error.fault;
    end.reason ||= error.message;
  });
  socket.on('upgrade', (response) => {
    date = responseDate(response.headers);
    cork = createCork(response.socket);
    cutIncoming(response.socket, KEPT_BYTES, (bytes) => {
      // A large message takes long on a slow line, and no pong can come in between.
      keepalive.heard();
      listener.onDropped(bytes);
    });
  });
  socket.on('unexpected-response', (_request, response) => {
    const status = response.statusCode ?? 0;
    const isPage = isFilterPage(response.headers);
    end.http = { status, retryAfter: response.headers['retry-after'] ?? null, isFilterPage: isPage };
    const who = isPage ? 'a proxy or filter in front of the relay' : 'the relay';
    disconnect(`${who} responded with HTTP ${status}`);
  });
  socket.on('open', () => {
    cancelHandshake();
    keepalive.heard();
    keepalive.start();
    listener.onOpen(date);
  });
  socket.on('message', (data, isBinary) =>
    take(isBinary ? 'binary' : textFrame(data as Buffer), (data as Buffer).length),
  );
  socket.on('ping', (data) => take('control', data.length));
  socket.on('pong', (data) => take('control', data.length));
  socket.on('close', (code, text) => {
    cancelHandshake();
    keepalive.stop();
    const closeReason = end.reason === '' ? text.toString() : '';
    const reason = end.reason || `closed with code ${code}${closeReason && `: ${closeReason}`}`;
    // Frames that came before the close frame are handled first.
    throttle.whenDone(() => {
      isOver = true;
      throttle.stop();
      listener.onClose({ ...end, reason, closeReason });
    });
  });

  function take(frame: Frame, bytes: number): void {
    keepalive.heard();
    throttle.take(frame, bytes);
  }

  function handle(frame: Frame): void {
    if (frame === 'control') return;
    if (frame === 'binary') listener.onGarbage();
    else if ('head' in frame) listener.onUnreadable(frame.head, frame.bytes, frame.why);
    else listener.onText(frame.text.toString('utf8'), frame.text.length);
  }

  function timeOut(reason: string): void {
    end.timedOut = true;
    disconnect(reason);
  }

  function disconnect(reason: string): void {
    end.reason ||= reason;
    isOver = true;
    throttle.stop();
    dialing.abort();
    socket.terminate();
  }

  return {
    send(text) {
      if (isOver || socket.readyState !== WebSocket.OPEN) return false;
      if (socket.bufferedAmount > nostrLimits.connection.bufferedBytes) {
        disconnect('the relay reads too slowly');
        return false;
      }
      cork();
      socket.send(text);
      return true;
    },
    probe() {
      if (socket.readyState === WebSocket.OPEN) keepalive.probe();
    },
    terminate: disconnect,
  };
}

/**
 * Makes frames that are sent within a moment share one system call, as those of messages that reached the disk together. They
 * leave after a microtask, not after a tick: HTTP responses would leave before them.
 */
function createCork(socket: Socket): () => void {
  let isCorked = false;
  return () => {
    if (isCorked) return;
    isCorked = true;
    socket.cork();
    queueMicrotask(() => {
      isCorked = false;
      socket.uncork();
    });
  };
}

/** Keeps only the head of a message that cannot be read. */
function textFrame(text: Buffer): Frame {
  const why = text.length >= KEPT_BYTES ? 'frame_too_large' : isUtf8(text) ? null : 'malformed';
  return why ? { head: text.toString('latin1', 0, HEAD_CHARS), bytes: text.length, why } : { text };
}

const socketOptions: ClientOptions & { closeTimeout: number } = {
  closeTimeout: CLOSE_MS,
  maxPayload: KEPT_BYTES,
  // We check it: the end of a message that was cut may be half a character.
  skipUTF8Validation: true,
  perMessageDeflate: false,
  followRedirects: false,
  headers: ourHeaders,
};

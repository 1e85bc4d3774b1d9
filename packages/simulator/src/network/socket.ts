import { EventEmitter } from 'node:events';
import type { OpenSocket } from '../../../daemon/src/adapters/nostr/connection.ts';

/** What arrives at one end of a connection. */
export type Frame =
  | { readonly type: 'message' | 'ping' | 'pong'; readonly data: Buffer }
  | { readonly type: 'close'; readonly code: number; readonly reason: string };

/** Frames leave and arrive whole: there is nothing to cut or to gather. */
const noBytes = { push: () => true, unshift() {}, cork() {}, uncork() {} };

/** One end of a connection without a network: the part of the `WebSocket` of ws that both sides use. */
export class SimulatedSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 0;
  /** What was sent and has not arrived yet. */
  bufferedAmount = 0;
  /** Passes a frame to the network. Set when the connection is made. */
  transmit: (frame: Frame) => void = () => {};
  /** Tells the network that this end is gone. */
  onGone: () => void = () => {};
  #waiting: Frame[] = [];
  #isPaused = false;

  /** The same object, in the type that the callers know. */
  asWebSocket(): ReturnType<OpenSocket> {
    return this as unknown as ReturnType<OpenSocket>;
  }

  open(date: string | null): void {
    this.readyState = this.OPEN;
    this.emit('upgrade', { headers: date === null ? {} : { date }, socket: noBytes });
    this.emit('open');
  }

  fail(message: string): void {
    if (this.readyState === 3) return;
    this.emit('error', new Error(message));
    this.end(1006, '');
  }

  /** Responds to the upgrade with another status. */
  refuse(statusCode: number): void {
    this.emit('unexpected-response', {}, { statusCode, headers: {} });
  }

  receive(frame: Frame): void {
    if (this.readyState === 3) return;
    if (this.#isPaused) this.#waiting.push(frame);
    else this.#handle(frame);
  }

  #handle(frame: Frame): void {
    switch (frame.type) {
      case 'close':
        return this.end(frame.code, frame.reason);
      case 'ping':
        this.transmit({ type: 'pong', data: frame.data });
        this.emit('ping', frame.data);
        return;
      case 'pong':
        this.emit('pong', frame.data);
        return;
      case 'message':
        this.emit('message', frame.data, false);
    }
  }

  end(code: number, reason: string): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#waiting = [];
    this.onGone();
    this.emit('close', code, Buffer.from(reason));
  }

  send(data: string, done?: (error?: Error) => void): void {
    if (this.readyState !== this.OPEN) return done?.(new Error('not open'));
    this.transmit({ type: 'message', data: Buffer.from(data) });
    done?.();
  }

  ping(data = ''): void {
    if (this.readyState === this.OPEN) this.transmit({ type: 'ping', data: Buffer.from(data) });
  }

  close(code = 1005, reason = ''): void {
    if (this.readyState !== this.OPEN) return;
    this.transmit({ type: 'close', code, reason });
    this.end(code, reason);
  }

  terminate(): void {
    if (this.readyState === 3) return;
    this.transmit({ type: 'close', code: 1006, reason: '' });
    this.end(1006, '');
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    for (const frame of this.#waiting.splice(0)) this.receive(frame);
  }
}

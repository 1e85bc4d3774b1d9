import type { Cancel, Clock } from '@ocmesh/shared/ambient';
import { nostrLimits } from './limits.ts';

const BURST_FRAMES = nostrLimits.inbound.framesPerSecond * nostrLimits.inbound.burstSeconds;
const BURST_BYTES = nostrLimits.inbound.bytesPerSecond * nostrLimits.inbound.burstSeconds;
/** Shortest pause of a relay that is over its measure: not a timer for each frame. */
const PAUSE_MS = 50;

/** How much one relay may say at once. What is too much waits in the network, where it costs the relay and not us. */
export interface InboundThrottle<Frame> {
  /** A frame of this many bytes has come: it is handled now, or in its turn. */
  take(frame: Frame, bytes: number): void;
  /** Calls `run` when everything that came is handled, or nothing more is. */
  whenDone(run: () => void): void;
  /** What waits is not handled any more. */
  stop(): void;
}

export function createInboundThrottle<Frame>(deps: {
  readonly clock: Clock;
  readonly socket: { readonly pause: () => void; readonly resume: () => void };
  readonly handle: (frame: Frame) => void;
}): InboundThrottle<Frame> {
  const { clock, socket, handle } = deps;
  /** The rest of what was read at one time; the socket is paused until it is handled. */
  let waiting: Frame[] = [];
  let thisTurn = 0;
  let frames: number = BURST_FRAMES;
  let bytes: number = BURST_BYTES;
  let countedAt = clock.monotonic();
  let nextTurn: NodeJS.Immediate | null = null;
  let cancelPause: Cancel | null = null;
  let onDone: (() => void) | null = null;
  let stopped = false;

  /** The others' sockets and timers had their turn. */
  function turn(): void {
    nextTurn = null;
    thisTurn = 0;
    if (waiting.length === 0) return;
    const now = waiting.splice(0, nostrLimits.inbound.framesPerTurn);
    thisTurn = now.length;
    nextTurn = setImmediate(turn);
    for (const frame of now) if (!stopped) handle(frame);
    if (waiting.length > 0 || stopped) return;
    if (!cancelPause) socket.resume();
    const done = onDone;
    onDone = null;
    done?.();
  }

  function count(size: number): void {
    const seconds = (clock.monotonic() - countedAt) / 1000;
    countedAt = clock.monotonic();
    frames = Math.min(BURST_FRAMES, frames + seconds * nostrLimits.inbound.framesPerSecond) - 1;
    bytes = Math.min(BURST_BYTES, bytes + seconds * nostrLimits.inbound.bytesPerSecond) - size;
    if ((frames < 0 || bytes < 0) && !cancelPause) pauseUntilPaid();
  }

  function pauseUntilPaid(): void {
    const owedSeconds = Math.max(
      -frames / nostrLimits.inbound.framesPerSecond,
      -bytes / nostrLimits.inbound.bytesPerSecond,
    );
    socket.pause();
    cancelPause = clock.after(Math.max(PAUSE_MS, owedSeconds * 1000), () => {
      cancelPause = null;
      if (waiting.length === 0) socket.resume();
    });
  }

  return {
    take(frame, size) {
      if (stopped) return;
      nextTurn ??= setImmediate(turn);
      count(size);
      if (waiting.length === 0 && thisTurn++ < nostrLimits.inbound.framesPerTurn) return handle(frame);
      if (waiting.push(frame) === 1) socket.pause();
    },
    whenDone(run) {
      if (waiting.length === 0) run();
      else onDone = run;
    },
    stop() {
      stopped = true;
      waiting = [];
      if (nextTurn) clearImmediate(nextTurn);
      cancelPause?.();
      // In a turn of its own: who stops it may be in the middle of a frame.
      if (onDone) setImmediate(onDone);
      onDone = null;
    },
  };
}

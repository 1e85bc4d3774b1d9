import { type Cancel, type Clock, createTokenBucket } from '@ocmesh/shared/ambient';
import { nostrLimits } from './limits.ts';

const { framesPerTurn, framesPerSecond, bytesPerSecond, burstSeconds } = nostrLimits.inbound;
/** Shortest pause of a relay over its limit, so that not every frame starts a timer. */
const PAUSE_MS = 50;

/** Limits how much of one relay is handled at once. The rest waits in the network, where it costs the relay and not us. */
export interface InboundThrottle<Frame> {
  /** Handles a frame that has just come, now or in a later turn. */
  take(frame: Frame, bytes: number): void;
  /** Calls `run` once everything that came is handled, or the throttle is stopped. */
  whenDone(run: () => void): void;
  /** Drops the frames that wait. */
  stop(): void;
}

export function createInboundThrottle<Frame>(deps: {
  readonly clock: Clock;
  readonly socket: { readonly pause: () => void; readonly resume: () => void };
  readonly handle: (frame: Frame) => void;
}): InboundThrottle<Frame> {
  const { clock, socket, handle } = deps;
  const frames = createTokenBucket(clock, {
    burst: framesPerSecond * burstSeconds,
    perSecond: framesPerSecond,
  });
  const bytes = createTokenBucket(clock, { burst: bytesPerSecond * burstSeconds, perSecond: bytesPerSecond });
  /** Frames of one read beyond this turn's share; the socket is paused until they are handled. */
  let waiting: Frame[] = [];
  let handledThisTurn = 0;
  let nextTurn: NodeJS.Immediate | null = null;
  let cancelPause: Cancel | null = null;
  let onDone: (() => void) | null = null;
  let stopped = false;

  /** Runs after other sockets and timers had their turn. */
  function turn(): void {
    nextTurn = null;
    handledThisTurn = 0;
    if (waiting.length === 0) return;
    const now = waiting.splice(0, framesPerTurn);
    handledThisTurn = now.length;
    nextTurn = setImmediate(turn);
    for (const frame of now) if (!stopped) handle(frame);
    if (waiting.length > 0 || stopped) return;
    if (!cancelPause) socket.resume();
    const done = onDone;
    onDone = null;
    done?.();
  }

  /** Counts a frame. A relay over its limit goes into debt, and is paused until that is paid off. */
  function count(size: number): void {
    const owedSeconds = Math.max(-frames.spend(1) / framesPerSecond, -bytes.spend(size) / bytesPerSecond);
    if (owedSeconds <= 0 || cancelPause) return;
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
      if (waiting.length === 0 && handledThisTurn++ < framesPerTurn) return handle(frame);
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
      // Not now: the caller may be in the middle of a frame.
      if (onDone) setImmediate(onDone);
      onDone = null;
    },
  };
}

import type { Cancel, Clock } from '@ocmesh/shared/ambient';
import { limits } from '@ocmesh/shared/contract';

const BURST_FRAMES = limits.relayFramesPerSecond * limits.relayBurstSeconds;
const BURST_BYTES = limits.relayBytesPerSecond * limits.relayBurstSeconds;
/** Shortest pause of a relay that is over its measure: not a timer for each frame. */
const PAUSE_MS = 50;

/** How much one relay may say. What is too much waits in the network, where it costs the relay and not us. */
export interface Intake {
  /** One frame of this many bytes has come. */
  take(bytes: number): void;
  stop(): void;
}

export function createIntake(
  clock: Clock,
  socket: { readonly pause: () => void; readonly resume: () => void },
): Intake {
  let thisTurn = 0;
  let frames: number = BURST_FRAMES;
  let bytes: number = BURST_BYTES;
  let countedAt = clock.monotonic();
  let nextTurn: NodeJS.Immediate | null = null;
  let cancelPause: Cancel | null = null;

  function endTurn(): void {
    nextTurn = null;
    const isFull = thisTurn > limits.relayFramesPerTurn;
    thisTurn = 0;
    if (isFull && !cancelPause) socket.resume();
  }

  function refill(): void {
    const seconds = (clock.monotonic() - countedAt) / 1000;
    countedAt = clock.monotonic();
    frames = Math.min(BURST_FRAMES, frames + seconds * limits.relayFramesPerSecond);
    bytes = Math.min(BURST_BYTES, bytes + seconds * limits.relayBytesPerSecond);
  }

  function pauseUntilPaid(): void {
    const owedMs =
      Math.max(-frames / limits.relayFramesPerSecond, -bytes / limits.relayBytesPerSecond) * 1000;
    socket.pause();
    cancelPause = clock.after(Math.max(PAUSE_MS, owedMs), () => {
      cancelPause = null;
      socket.resume();
    });
  }

  return {
    take(size) {
      // The others' sockets and timers get their turn before this one goes on.
      if (++thisTurn === limits.relayFramesPerTurn + 1) socket.pause();
      nextTurn ??= setImmediate(endTurn);
      refill();
      frames--;
      bytes -= size;
      if ((frames < 0 || bytes < 0) && !cancelPause) pauseUntilPaid();
    },
    stop() {
      if (nextTurn) clearImmediate(nextTurn);
      cancelPause?.();
    },
  };
}

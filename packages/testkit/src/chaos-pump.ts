import type { Socket } from 'node:net';
import type { Cancel, Clock, Random } from '@ocmesh/shared/ambient';

/** Treatment of each chunk of bytes, in both directions. TCP loses nothing: a lost packet appears as a stall. */
export interface Chaos {
  readonly latencyMs: number;
  /** Longest random addition to the latency. */
  readonly jitterMs: number;
  /** Probability, 0 to 1, that a chunk and all after it are held. */
  readonly stallChance: number;
  readonly stallMs: number;
  /** Probability that the connection is cut. */
  readonly cutChance: number;
}

/** One direction of one connection. */
export interface Pump {
  /** Forwards what comes from this socket until it closes. */
  pipeFrom(from: Socket): void;
  /** Forwards chunks that are due. */
  flush(): void;
}

/** Bytes held in one direction before the sender has to wait. */
const MAX_HELD_BYTES = 1024 * 1024;

export function createPump(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly chaos: () => Chaos;
  readonly isBlocked: () => boolean;
  /** Returns the socket to write to; null while it is not connected. */
  readonly target: () => Socket | null;
  readonly onStall: () => void;
  readonly onCut: () => void;
}): Pump {
  const { clock, random, isBlocked, target } = deps;
  /** Chunks to forward; null stands for the end of the source. */
  const held: { readonly bytes: Buffer | null; readonly dueAtMs: number }[] = [];
  let heldBytes = 0;
  let lastDueAtMs = 0;
  let source: Socket | null = null;
  let isDraining = false;
  let cancel: Cancel = () => {};

  function take(bytes: Buffer | null): void {
    const { latencyMs, jitterMs, stallChance, stallMs, cutChance } = deps.chaos();
    if (bytes && random.unit() < cutChance) return deps.onCut();
    const isStalled = bytes !== null && random.unit() < stallChance;
    if (isStalled) deps.onStall();
    const delayMs = latencyMs + random.unit() * jitterMs + (isStalled ? stallMs : 0);
    // Bytes stay in order.
    lastDueAtMs = Math.max(lastDueAtMs, clock.monotonic() + delayMs);
    held.push({ bytes, dueAtMs: lastDueAtMs });
    heldBytes += bytes?.length ?? 0;
    if (heldBytes > MAX_HELD_BYTES) source?.pause();
    flush();
  }

  function flush(): void {
    cancel();
    const to = target();
    while (to && !isBlocked() && !isDraining) {
      const [next] = held;
      if (!next) break;
      const waitMs = next.dueAtMs - clock.monotonic();
      if (waitMs > 0) {
        cancel = clock.after(waitMs, flush);
        break;
      }
      held.shift();
      forward(next.bytes, to);
    }
    if (heldBytes <= MAX_HELD_BYTES) source?.resume();
  }

  function forward(bytes: Buffer | null, to: Socket): void {
    if (bytes === null) return to.destroySoon();
    heldBytes -= bytes.length;
    isDraining = !to.write(bytes);
    if (!isDraining) return;
    to.once('drain', () => {
      isDraining = false;
      flush();
    });
  }

  return {
    pipeFrom(from) {
      source = from;
      from.on('data', take);
      // However it ended: data from before still goes through.
      from.on('error', () => {});
      from.on('end', () => from.destroy());
      from.on('close', () => take(null));
    },
    flush,
  };
}

import type { Socket } from 'node:net';
import type { Cancel, Clock, Random } from '@ocmesh/shared/ambient';

/** What happens to each chunk of bytes, either way. TCP loses nothing: a lost packet shows as a stall. */
export interface Chaos {
  readonly latencyMs: number;
  /** Up to so much more. */
  readonly jitterMs: number;
  /** Chance, 0 to 1, that it and all behind it are held up. */
  readonly stallChance: number;
  readonly stallMs: number;
  /** Chance that its connection is cut. */
  readonly cutChance: number;
}

/** One direction of one connection. */
export interface Pump {
  /** Takes what comes from here, until it closes. */
  drink(from: Socket): void;
  /** Lets out what is due. */
  flush(): void;
}

/** Bytes held for one direction before its sender has to wait. */
const MOST_HELD_BYTES = 1024 * 1024;

export function createPump(deps: {
  readonly clock: Clock;
  readonly random: Random;
  readonly chaos: () => Chaos;
  readonly isBlocked: () => boolean;
  /** null while there is no connection yet. */
  readonly target: () => Socket | null;
  readonly onStall: () => void;
  readonly onCut: () => void;
}): Pump {
  const { clock, random, isBlocked, target } = deps;
  /** null: the source is gone. */
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
    // Bytes do not overtake one another.
    lastDueAtMs = Math.max(lastDueAtMs, clock.monotonic() + delayMs);
    held.push({ bytes, dueAtMs: lastDueAtMs });
    heldBytes += bytes?.length ?? 0;
    if (heldBytes > MOST_HELD_BYTES) source?.pause();
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
      letOut(next.bytes, to);
    }
    if (heldBytes <= MOST_HELD_BYTES) source?.resume();
  }

  function letOut(bytes: Buffer | null, to: Socket): void {
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
    drink(from) {
      source = from;
      from.on('data', take);
      // Whatever ended it: what came before still goes through.
      from.on('error', () => {});
      from.on('end', () => from.destroy());
      from.on('close', () => take(null));
    },
    flush,
  };
}

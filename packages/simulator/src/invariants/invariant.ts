import type { World } from '../world.ts';

/** Something that always holds. */
export interface Invariant {
  /** Says in plain words what holds. */
  readonly name: string;
  /** Called before the first step: an invariant may listen to what happens. */
  readonly begin?: (world: World, violate: (detail: string) => void) => void;
  /** Called every minute of simulated time. Returns what is wrong. */
  readonly check?: (world: World) => Iterable<string>;
  /** Called at the end, long after all faults. Returns what is wrong. */
  readonly atEnd?: (world: World) => Iterable<string>;
}

import { type Clock, settlesWithin } from '@ocmesh/shared/ambient';
import type { DomainEvent } from './core/model/domain-events.ts';

/** Something that runs from start to stop, or that domain events are passed to. */
export interface Part {
  readonly name: string;
  readonly start?: () => void;
  readonly stop?: () => void | Promise<void>;
  /**
   * How long the parts that stop next wait for `stop`; without it, for as long as it takes. `Lifecycle.stop` waits for all
   * of it in any case.
   */
  readonly stopWaitMs?: number;
  readonly onEvent?: (event: DomainEvent) => void;
}

export interface Lifecycle {
  /** Starts the parts in order. If one throws, those before it are stopped again. */
  start(): Promise<void>;
  /**
   * Stops the parts in reverse order, all of them even if one fails.
   * @throws Error that names the first part that failed
   */
  stop(): Promise<void>;
  /** Passes a domain event to the parts in order. */
  onEvent(event: DomainEvent): void;
}

export function createLifecycle(deps: { readonly clock: Clock }, parts: readonly Part[]): Lifecycle {
  const started: Part[] = [];
  const listeners = parts.flatMap(({ onEvent }) => onEvent ?? []);

  async function stop(): Promise<void> {
    const errors: Error[] = [];
    const stopping: Promise<void>[] = [];
    for (const part of started.splice(0).reverse()) {
      const stopped = stopPart(part, errors);
      // Without a promise no await: parts that need no time stop in the same turn of the event loop.
      if (!stopped) continue;
      stopping.push(stopped);
      await (part.stopWaitMs === undefined ? stopped : settlesWithin(deps.clock, part.stopWaitMs, stopped));
    }
    await Promise.all(stopping);
    if (errors[0]) throw errors[0];
  }

  return {
    async start() {
      for (const part of parts) {
        try {
          part.start?.();
        } catch (error) {
          await stop().catch(() => {});
          throw error;
        }
        started.push(part);
      }
    },
    stop,
    onEvent(event) {
      for (const listener of listeners) listener(event);
    },
  };
}

/** Stops one part and collects its error. Returns null if that needed no time. */
function stopPart({ name, stop }: Part, errors: Error[]): Promise<void> | null {
  const onError = (cause: unknown): void => void errors.push(new Error(`${name} did not stop`, { cause }));
  try {
    const stopped = stop?.();
    return stopped ? stopped.catch(onError) : null;
  } catch (error) {
    onError(error);
    return null;
  }
}

import type { Input, StreamEvent } from '@ocmesh/shared/contract';
import { onTestFinished } from 'vitest';
import type { TestAgent } from './test-agent.ts';

/** Reads the agent's events from now on, or from an id on. */
export function readEvents(box: TestAgent, input: Input<'followEvents'> = {}) {
  const leaving = new AbortController();
  const seen: StreamEvent[] = [];
  let position = '';
  const over = (async () => {
    for await (const item of box.followEvents(input, { signal: leaving.signal })) {
      position = item.id;
      if (item.event !== 'passed') seen.push(item);
    }
  })();
  const leave = async (): Promise<void> => {
    leaving.abort();
    await over;
  };
  onTestFinished(leave);
  return {
    seen,
    /** What came since the last call, by its name. */
    fresh: () => seen.splice(0).map(({ event }) => event),
    /** Where it is. */
    position: () => position,
    leave,
  };
}

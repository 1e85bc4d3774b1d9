import type { Input, StreamEvent } from '@ocmesh/shared/contract';
import { onTestFinished } from 'vitest';
import type { TestAgent } from './test-agent.ts';

/** Reads the agent's event stream, from now on or after an id. */
export function readEvents(agent: TestAgent, input: Input<'followEvents'> = {}) {
  const leaving = new AbortController();
  const seen: StreamEvent[] = [];
  let position = '';
  const over = (async () => {
    for await (const item of agent.followEvents(input, { signal: leaving.signal })) {
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
    /** Returns the names of the events since the last call. */
    fresh: () => seen.splice(0).map(({ event }) => event),
    /** Returns the id of the last event. */
    position: () => position,
    leave,
  };
}

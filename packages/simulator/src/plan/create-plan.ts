import type { Plan, Step } from './plan.ts';

export interface Scenario {
  readonly agents: number;
  readonly relays: number;
  readonly minutes: number;
}

/** Makes up a plan: a seed always gives the same one. */
export function createPlan(seed: number, { agents, relays, minutes }: Scenario): Plan {
  const names = Array.from({ length: agents }, (_, at) => `agent-${at}`);
  const relayNames = Array.from({ length: relays }, (_, at) => `relay-${at}`);
  const steps: Step[] = [];
  for (let n = 0; n < minutes * 2; n++)
    steps.push({
      do: 'send',
      atMs: 20_000 + n * 30_000,
      machine: names[n % agents] as string,
      to: names[(n + 1) % agents] as string,
      content: `message ${n}`,
      byPerson: true,
      lifeMs: null,
    });
  return {
    seed,
    faultsEndMs: minutes * 60_000,
    endMs: (minutes + 10) * 60_000,
    machines: names.map((name) => ({
      name,
      relays: relayNames,
      drift: 0,
      software: 'ocmesh',
      strangers: 'open',
      agent: 'reads',
    })),
    relays: relayNames.map((name) => ({ name, behaviours: [] })),
    steps,
  };
}

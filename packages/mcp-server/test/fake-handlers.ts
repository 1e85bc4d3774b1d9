import { type CallName, callNames, type Handlers, OcmeshError } from '@ocmesh/shared/contract';

export interface FakeHandlers {
  readonly handlers: Handlers;
  /** Every call, in order: operation and input. */
  readonly calls: [name: CallName, input: unknown][];
}

/** Handlers with the given responses that record each call. Operations without a response fail. */
export function createFakeHandlers(answers: Partial<Handlers>): FakeHandlers {
  const calls: FakeHandlers['calls'] = [];
  const entries = callNames.map((name) => [
    name,
    async (input: never, context: never) => {
      calls.push([name, input]);
      const answer = answers[name] as ((input: never, context: never) => Promise<unknown>) | undefined;
      if (!answer) throw new OcmeshError('not_found');
      return answer(input, context);
    },
  ]);
  return { handlers: Object.fromEntries(entries) as Handlers, calls };
}

import type { Policy } from '@ocmesh/shared/contract';
import type { Store } from '../ports/store.ts';

export interface Policies {
  get(): Policy;
  /** Resolves when it is on disk; what the owner set here outlasts the configuration. */
  set(change: Partial<Policy>): Promise<Policy>;
}

/** Who reaches the agent: as configured, until the owner says otherwise. */
export function createPolicies(deps: { readonly store: Store }, configured: Policy): Policies {
  const { store } = deps;
  const stored = store.peek((tables) => tables.meta.get('policy'));
  let changes: Partial<Policy> = stored === null ? {} : JSON.parse(stored);
  const get = (): Policy => ({ ...configured, ...changes });

  return {
    get,
    async set(change) {
      const next = { ...changes, ...change };
      await store.transaction((tables) => tables.meta.set('policy', JSON.stringify(next)));
      changes = next;
      return get();
    },
  };
}

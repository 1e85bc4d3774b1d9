import type { Policy } from '@ocmesh/shared/contract';
import type { Store, Tables } from '../ports/store.ts';

export interface Policies {
  get(): Policy;
  /** Resolves when it is on disk; what the owner set here outlasts the configuration. */
  set(change: Partial<Policy>): Promise<Policy>;
}

/** Who reaches the agent: as configured, until the owner says otherwise. */
export function createPolicies(deps: { readonly store: Store }, configured: Policy): Policies {
  const { store } = deps;
  const stored = ({ meta }: Tables): Partial<Policy> => JSON.parse(meta.get('policy') ?? '{}');
  let changes = store.peek(stored);
  const get = (): Policy => ({ ...configured, ...changes });

  return {
    get,
    async set(change) {
      // Of what is stored: another change may be on its way to the disk.
      changes = await store.transaction((tables) => {
        const next = { ...stored(tables), ...change };
        tables.meta.set('policy', JSON.stringify(next));
        return next;
      });
      return get();
    },
  };
}

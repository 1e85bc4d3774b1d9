import type { Log } from '@ocmesh/shared/ambient';
import type { Policy } from '@ocmesh/shared/contract';
import type { Store, Tables } from '../ports/store.ts';

const rules = ['strangers', 'first_contact', 'mcp_may_trust'] as const satisfies (keyof Policy)[];

export interface Policies {
  get(): Policy;
  /** Resolves when the change is on disk. It overrides the configuration, also after a restart. */
  set(change: Partial<Policy>): Promise<Policy>;
}

/** Rules that the owner changed while the daemon ran. */
export const storedPolicy = ({ meta }: Pick<Tables, 'meta'>): Partial<Policy> =>
  JSON.parse(meta.get('policy') ?? '{}');

/** The policy: as configured, overridden by the owner's later changes. */
export function createPolicies(
  deps: { readonly store: Store; readonly log: Log },
  configured: Policy,
): Policies {
  const { store, log } = deps;
  let changes = store.peek(storedPolicy);
  const get = (): Policy => ({ ...configured, ...changes });
  for (const rule of rules) {
    if (get()[rule] === configured[rule]) continue;
    log.warn(`${rule} is ${get()[rule]}: \`ocmesh policy\` overrides the configuration`, {
      configured: configured[rule],
    });
  }

  return {
    get,
    async set(change) {
      // Based on the stored changes, because another one may be on its way to the disk.
      changes = await store.transaction((tables) => {
        const next = { ...storedPolicy(tables), ...change };
        tables.meta.set('policy', JSON.stringify(next));
        return next;
      });
      return get();
    },
  };
}

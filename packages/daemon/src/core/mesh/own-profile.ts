import type { Log } from '@ocmesh/shared/ambient';
import type { Input, Profile } from '@ocmesh/shared/contract';
import type { DomainEvent } from '../model/domain-events.ts';
import type { Store, Tables } from '../ports/store.ts';

type Change = Input<'setProfile'>;

/** What our agent says about itself. */
export interface OwnProfile {
  get(): Profile;
  /** Resolves when the change is on disk. It overrides the configuration, also after a restart. */
  set(change: Change): Promise<Profile>;
}

/** Fields that the owner changed while the daemon ran. */
const storedProfile = ({ meta }: Pick<Tables, 'meta'>): Change => JSON.parse(meta.get('profile') ?? '{}');

/** Creates the profile: as configured, overridden by the owner's later changes. */
export function createOwnProfile(
  deps: {
    readonly store: Store;
    readonly log: Log;
    readonly emit: (events: readonly DomainEvent[]) => void;
  },
  configured: Profile,
): OwnProfile {
  const { store, log, emit } = deps;
  let changes = store.peek(storedProfile);
  const get = (): Profile => ({ ...configured, ...changes });
  for (const field of ['about', 'capabilities'] as const) {
    if (changes[field] === undefined || isSame(get()[field], configured[field])) continue;
    log.warn(`${field} is what \`ocmesh profile\` set, which overrides the configuration`);
  }

  return {
    get,
    async set(change) {
      const before = get();
      // Based on the stored changes, because another one may be on its way to the disk.
      changes = await store.transaction((tables) => {
        const next = { ...storedProfile(tables), ...change };
        tables.meta.set('profile', JSON.stringify(next));
        return next;
      });
      if (!isSame(get(), before)) emit([{ type: 'profile.changed' }]);
      return get();
    },
  };
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

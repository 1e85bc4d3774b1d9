import type { Handlers } from '@ocmesh/shared/contract';
import type { HandlerDeps } from './deps.ts';

export const createProfileHandlers = ({
  ownProfile,
}: Pick<HandlerDeps, 'ownProfile'>): Pick<Handlers, 'getProfile' | 'setProfile'> => ({
  getProfile: async () => ownProfile.get(),
  setProfile: ownProfile.set,
});

import type { Handlers } from '@ocmesh/shared/contract';
import type { HandlerDeps } from './deps.ts';

export const createOwnerHandlers = ({
  ownerSettings,
}: Pick<HandlerDeps, 'ownerSettings'>): Pick<Handlers, 'getOwner' | 'setOwner' | 'removeOwner'> => ({
  getOwner: ownerSettings.get,
  setOwner: ownerSettings.set,
  removeOwner: ownerSettings.remove,
});

import type { Clock } from '@ocmesh/shared/ambient';
import { countFrame, type Filter } from '@ocmesh/shared/wire';
import type { CountResult } from '../../core/ports/relay-network.ts';
import { nostrLimits } from './limits.ts';

/** COUNTs of one connection that wait for their answer (NIP-45). Nothing here rejects. */
export function createCounts(deps: { readonly clock: Clock; readonly send: (frame: string) => boolean }) {
  const { clock, send } = deps;
  const waiting = new Map<string, (result: CountResult | null) => void>();
  let lastId = 0;

  /** @returns whether a COUNT waited for it */
  function settle(id: string, result: CountResult | null): boolean {
    const resolve = waiting.get(id);
    resolve?.(result);
    return resolve !== undefined;
  }

  return {
    count: (filter: Filter): Promise<CountResult | null> =>
      new Promise((resolve) => {
        const id = `c${++lastId}`;
        const cancel = clock.after(nostrLimits.reply.countMs, () => settle(id, null));
        waiting.set(id, (result) => {
          cancel();
          waiting.delete(id);
          resolve(result);
        });
        if (!send(countFrame(id, filter))) settle(id, null);
      }),
    onCount: settle,
    /** The relay refuses it. */
    onClosed: (id: string): boolean => settle(id, null),
    /** The connection is closed. */
    close(): void {
      for (const id of [...waiting.keys()]) settle(id, null);
    },
  };
}

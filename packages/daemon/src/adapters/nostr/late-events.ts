import { type Filter, matchesFilter } from '@ocmesh/shared/wire';
import { nostrLimits } from './limits.ts';

/** Takes events for REQs that are closed: they were under way, or the relay sends them behind its EOSE. */
export function createLateEvents(onLate: (event: unknown) => void) {
  /** REQs that were closed lately, and how many more events we take for each. */
  const closed = new Map<string, { readonly filters: readonly Filter[]; left: number }>();

  return {
    onClosed(id: string, filters: readonly Filter[]): void {
      closed.delete(id);
      closed.set(id, { filters, left: nostrLimits.query.lateEvents });
      if (closed.size > nostrLimits.query.remembered) closed.delete(closed.keys().next().value as string);
    },
    /** Returns whether it was asked for. */
    onEvent(id: string, event: unknown): boolean {
      const req = closed.get(id);
      const isAsked =
        req !== undefined && req.left-- > 0 && req.filters.some((filter) => matchesFilter(filter, event));
      if (isAsked) onLate(event);
      return isAsked;
    },
  };
}

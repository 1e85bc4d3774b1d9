import { OcmeshError } from '@ocmesh/shared/contract';
import type { Store } from '../ports/store.ts';

/** Positions of arrival as callers see them: `<position>`, or `<position>-<epoch>` in a restored home. */
export interface ArrivalCursors {
  show(arrival: number): string;
  /** @throws OcmeshError `cursor_unknown` if it is from before a restore */
  read(cursor: string): number;
}

export function createArrivalCursors(store: Store): ArrivalCursors {
  const epoch = store.peek(({ meta }) => meta.get('cursor_epoch')) ?? '';
  return {
    show: (arrival) => (epoch === '' ? String(arrival) : `${arrival}-${epoch}`),
    read(cursor) {
      const [digits, given = ''] = cursor.split('-');
      const arrival = Number(digits);
      // Zero is before every message, whatever the epoch.
      if (given !== epoch && arrival > 0) throw new OcmeshError('cursor_unknown');
      return arrival;
    },
  };
}

import { OcmeshError } from '@ocmesh/shared/contract';

// Cursors of lists in the order of arrival. One that ends in PARTIAL belongs to a list that left out some unread messages before
// it: marking everything up to there as read would send receipts for messages that nobody was shown.

const PARTIAL = '.part';

/** A cursor as the model gets it. @param isWhole whether every unread message up to this position was shown */
export const cursorFor = (position: string, isWhole: boolean): string =>
  isWhole ? position : `${position}${PARTIAL}`;

/** A cursor as the daemon knows it. */
export const positionOf = (cursor: string): string =>
  cursor.endsWith(PARTIAL) ? cursor.slice(0, -PARTIAL.length) : cursor;

export const isWhole = (cursor: string | undefined): boolean =>
  cursor === undefined || !cursor.endsWith(PARTIAL);

/** The position up to which everything was shown. @throws OcmeshError `invalid_request` for any other cursor */
export function shownUntil(cursor: string): string {
  if (/^\d+(-[0-9a-f]{8})?$/.test(cursor)) return cursor;
  throw new OcmeshError('invalid_request', {
    message:
      'This cursor is not of a list of all unread messages, so it does not say what was shown. Nothing was marked.',
    problem: 'not_shown_until',
  });
}

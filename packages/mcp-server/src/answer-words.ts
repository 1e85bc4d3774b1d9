import type { Output } from '@ocmesh/shared/contract';

/** How sure it is that messages answer ours. */
export function matchedText(matched: Output<'waitForMessages'>['matched']): string {
  if (matched === undefined) return '';
  return matched === 'reply_to'
    ? ' (matched: reply_to)'
    : ' (matched: same peer, later: they name no message, so see whether they answer yours)';
}

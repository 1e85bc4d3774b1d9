import { cleanLine } from '@ocmesh/shared/text';
import { maskQueries } from '@ocmesh/shared/wire';
import { isPlainUrl } from './facts.ts';
import { toolLimits } from './limits.ts';
import type { Words } from './result.ts';

/** Characters of a relay's reason and of its URL. */
const reasonChars = 120;
const urlChars = 128;

/** A relay, what the daemon knows about it, and what it said. */
export interface RelayLine {
  readonly url: string;
  /** Whether the owner chose it, so that its URL is no text by others. */
  readonly isOwn: boolean;
  readonly known: string;
  readonly said: string | null;
}

/** Relays as lines of ours, one for each, with what they said as words of others. */
export function presentRelays(relays: readonly RelayLine[]): { known: string[]; theirs: Words } {
  const shown = relays.slice(0, toolLimits.relays).map(({ url, isOwn, known, said }, i) => {
    const address = cleanLine(maskQueries(url), urlChars);
    const isNamed = isOwn || isPlainUrl(url);
    const name = isNamed ? address : `relay ${i + 1}`;
    const words = said === null ? [] : [[`${name} said`, cleanLine(maskQueries(said), reasonChars)] as const];
    return { known: `${name}: ${known}`, theirs: isNamed ? words : [[name, address] as const, ...words] };
  });
  const more = relays.length - shown.length;
  return {
    known: [...shown.map(({ known }) => known), ...(more > 0 ? [`and ${more} more relays`] : [])],
    theirs: shown.flatMap(({ theirs }) => theirs),
  };
}

import { hourMs, type UnixMs } from '@ocmesh/shared/ambient';
import type { RelayChoice } from '../../core/relays/choose-relays.ts';

/** Cursors of one run are closer than this: a daemon moves those of all its relays every 10 minutes. */
const SAME_RUN_MS = hourMs;

/**
 * Returns the relays that the daemon used at the end of its last run, if they came from its flags or environment: only
 * the store knows those. Returns null if they are the ones we know from here.
 */
export function relaysOfLastRun(
  listened: readonly { readonly url: string; readonly cursorMs: UnixMs }[],
  knownHere: {
    readonly candidates: readonly string[];
    readonly choices: readonly RelayChoice[];
  },
  nowMs: UnixMs,
): readonly string[] | null {
  const added = knownHere.choices.flatMap(({ url, wanted }) => (wanted ? [url] : []));
  const removed = new Set(knownHere.choices.flatMap(({ url, wanted }) => (wanted ? [] : [url])));
  const possible = listened.filter(({ url, cursorMs }) => cursorMs <= nowMs && !removed.has(url));
  const endMs = Math.max(...possible.map(({ cursorMs }) => cursorMs));
  const last = possible.flatMap(({ url, cursorMs }) => (cursorMs > endMs - SAME_RUN_MS ? [url] : []));
  const isKnown = (url: string): boolean => knownHere.candidates.includes(url) || added.includes(url);
  return last.every(isKnown) ? null : [...new Set([...last, ...added])];
}

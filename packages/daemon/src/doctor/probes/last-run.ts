import { hourMs, type UnixMs } from '@ocmesh/shared/ambient';
import type { RelayChoice } from '../../core/relays/choose-relays.ts';

/** Milliseconds between the cursors of one run: a daemon moves those of all relays that it listens to every 10 minutes. */
const ONE_RUN_MS = hourMs;

/**
 * The relays that the daemon listened to at the end of its last run, where flags or an environment of its own named
 * them: only the store knows of those. null where they were the ones that anybody sees here.
 */
export function relaysOfLastRun(
  listened: readonly { readonly url: string; readonly cursorMs: UnixMs }[],
  seenHere: {
    readonly candidates: readonly string[];
    readonly choices: readonly RelayChoice[];
  },
  nowMs: UnixMs,
): readonly string[] | null {
  const added = seenHere.choices.flatMap(({ url, wanted }) => (wanted ? [url] : []));
  const removed = new Set(seenHere.choices.flatMap(({ url, wanted }) => (wanted ? [] : [url])));
  const possible = listened.filter(({ url, cursorMs }) => cursorMs <= nowMs && !removed.has(url));
  const endMs = Math.max(...possible.map(({ cursorMs }) => cursorMs));
  const last = possible.flatMap(({ url, cursorMs }) => (cursorMs > endMs - ONE_RUN_MS ? [url] : []));
  const isKnown = (url: string): boolean => seenHere.candidates.includes(url) || added.includes(url);
  return last.every(isKnown) ? null : [...new Set([...last, ...added])];
}

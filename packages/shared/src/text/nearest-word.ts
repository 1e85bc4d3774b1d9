/** With more typos, the nearest word is no more likely than any other. */
const MOST_TYPOS = 2;

/** The word that was probably meant; null if none is close. */
export function nearestWord(typed: string, words: readonly string[]): string | null {
  const [best] = words
    .map((word) => ({ word, typos: typosBetween(typed, word) }))
    .filter(({ word, typos }) => typos <= MOST_TYPOS && typos < word.length / 2)
    .sort((a, b) => a.typos - b.typos);
  return best?.word ?? null;
}

/** Number of letters missing, added, replaced, or swapped with their neighbor (optimal string alignment). */
function typosBetween(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > MOST_TYPOS) return MOST_TYPOS + 1;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (above[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (above[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, above] = [above, row];
  }
  return above[b.length] ?? 0;
}

import type { Random } from '@ocmesh/shared/ambient';
import { fenced, labelled } from '@ocmesh/shared/text';

/** Texts with their labels. Labels are ours: a word, or an address that cannot be a sentence. */
export type Words = readonly (readonly [label: string, text: string])[];

/** One thing that a result shows. */
export interface Shown {
  /** What the daemon knows about it, in our own words: single lines. */
  readonly known: readonly string[];
  /** What our own agent wrote, outside the fence. */
  readonly ours?: Words;
  /** What others wrote. */
  readonly theirs?: Words;
}

/** What a tool returns. `known` comes first, so counts and cursors belong there. */
export interface ToolResult extends Shown {
  readonly rows?: readonly Shown[];
  /** Unread messages, if the tool knows how many there are now. */
  readonly unread?: number;
}

/** A result as text: our own lines, then everything others wrote in one fence, then the number of unread messages. */
export function resultText(result: ToolResult, unread: number | null, random: Pick<Random, 'bytes'>): string {
  const parts = [partsOf(result, ''), ...(result.rows ?? []).map((row, i) => partsOf(row, `${i + 1}`))];
  const theirs = parts.flatMap((part) => part.theirs);
  return [
    ...parts.flatMap(({ open }) => open),
    ...(theirs.length > 0 ? [fenced(theirs, random)] : []),
    ...unreadLine(unread),
  ].join('\n');
}

/** The last line of a result while something is unread. */
export const unreadLine = (unread: number | null): string[] =>
  unread !== null && unread > 0 ? [`unread: ${unread}`] : [];

/** Lines of one thing, outside and inside the fence. Those of a row start with its number, so that they can be told apart. */
function partsOf({ known, ours = [], theirs = [] }: Shown, number: string) {
  const lines = (words: Words) =>
    words.flatMap(([label, text]) => labelled([number, label].filter(Boolean).join(' '), text));
  const [first = '', ...rest] = known;
  const open = number === '' ? known : [`${number}. ${first}`, ...rest];
  return { open: [...open, ...lines(ours)], theirs: lines(theirs) };
}

/** Characters of a text as the JSON string in which hosts keep it. */
const jsonChars = (text: string): number => JSON.stringify(text).length - 2;

/** Characters that a thing takes in a result; a row's number has at most three digits. */
export function shownChars(shown: Shown): number {
  const { open, theirs } = partsOf(shown, '100');
  return [...open, ...theirs].reduce((sum, line) => sum + jsonChars(line) + jsonChars('\n'), 0);
}

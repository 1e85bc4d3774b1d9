import { isDeepStrictEqual } from 'node:util';
import { parse, stringify, type TomlTable } from 'smol-toml';
import type { Edited, TomlChange } from './change.ts';

/** Adds a table at the end of a TOML file. Everything else in it stays as it is. @param text null if there is no file */
export function addToToml(text: string | null, change: TomlChange): Edited {
  const before = text ?? '';
  const there = read(before, change);
  if ('problem' in there) return there;
  if (isDeepStrictEqual(there.value, change.value)) return { text: before };
  if (there.value !== undefined) return { problem: `has another \`[${change.at.join('.')}]\`` };
  const eol = eolOf(before);
  const gap = before === '' ? '' : before.endsWith('\n') ? eol : eol + eol;
  const added = before + gap + block(change, eol);
  // The table above may be written in a way that nothing can be added to.
  const after = read(added, change);
  return 'problem' in after || !isDeepStrictEqual(after.value, change.value)
    ? { problem: `has \`${change.at[0]}\` in a form that takes no further table` }
    : { text: added };
}

/** Removes the lines that `addToToml` added, if they are still there. */
export function removeFromToml(text: string, change: TomlChange): Edited {
  const eol = eolOf(text);
  const ours = block(change, eol);
  const at = text.indexOf(ours);
  if (at === -1) return { text };
  const before = text.slice(0, at);
  return {
    text: (before.endsWith(eol + eol) ? before.slice(0, -eol.length) : before) + text.slice(at + ours.length),
  };
}

const block = ({ at: [first, second], value }: TomlChange, eol: string): string =>
  `${stringify({ [first]: { [second]: value } }).trim()}\n`.replaceAll('\n', eol);

const eolOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

function read(
  text: string,
  { at: [first, second] }: TomlChange,
): { readonly value: unknown } | { problem: string } {
  try {
    const table = parse(text)[first];
    if (table === undefined) return { value: undefined };
    if (typeof table !== 'object' || Array.isArray(table))
      return { problem: `has something else at \`${first}\`` };
    const value = (table as TomlTable)[second];
    return { value: value === undefined ? undefined : plain(value) };
  } catch (error) {
    return { problem: `is not valid TOML: ${(error as Error).message.split('\n')[0]}` };
  }
}

/** The parser makes objects without a prototype, which equal no others. */
const plain = (value: unknown): unknown => structuredClone(value);

import { isDeepStrictEqual } from 'node:util';
import {
  applyEdits,
  type FormattingOptions,
  findNodeAtLocation,
  getNodeValue,
  type JSONPath,
  modify,
  type Node,
  type ParseError,
  parseTree,
} from 'jsonc-parser';
import type { Edited, JsonChange } from './change.ts';

const BOM = '\ufeff';

/** Adds a value to a JSON file. Everything else in it stays as it is, comments too. @param text null if there is no file */
export function addToJson(text: string | null, change: JsonChange): Edited {
  if (text === null || text.replace(BOM, '').trim() === '') return { text: alone(change) };
  return edit(text, change, (root, bare) => {
    const { at, value, isListItem } = change;
    const there = findNodeAtLocation(root, [...at]);
    if (!isListItem) return isAt(there, value) ? bare : set(bare, at, value);
    if (!there) return set(bare, at, [value]);
    if (there.type !== 'array') return null;
    const items = there.children ?? [];
    if (items.some((item) => isAt(item, value))) return bare;
    return set(bare, [...at, items.length], value, true);
  });
}

/** Removes what `addToJson` added, if it is still there. */
export function removeFromJson(text: string, change: JsonChange): Edited {
  return edit(text, change, (root, bare) => {
    const { at, value, isListItem } = change;
    const there = findNodeAtLocation(root, [...at]);
    if (!isListItem) return isAt(there, value) ? set(bare, at, undefined) : bare;
    const index = (there?.children ?? []).findIndex((item) => isAt(item, value));
    return index === -1 ? bare : set(bare, [...at, index], undefined);
  });
}

/** @param make returns the new text; null if something else is where the value belongs */
function edit(
  text: string,
  { at, lenient }: JsonChange,
  make: (root: Node, bare: string) => string | null,
): Edited {
  const bare = text.startsWith(BOM) ? text.slice(BOM.length) : text;
  const errors: ParseError[] = [];
  const root = parseTree(bare, errors, { allowTrailingComma: lenient, disallowComments: !lenient });
  const [first] = errors;
  if (!root || first)
    return { problem: `is not JSON that can be changed safely, see line ${lineOf(bare, first)}` };
  const isInTheWay = at.some((_, depth) => {
    const parent = findNodeAtLocation(root, at.slice(0, depth));
    return parent !== undefined && parent.type !== 'object';
  });
  const made = isInTheWay ? null : make(root, bare);
  if (made === null) return { problem: `has something else at \`${at.join('.')}\`` };
  return { text: text.slice(0, text.length - bare.length) + made };
}

function set(
  text: string,
  at: JSONPath | readonly string[],
  value: unknown,
  isArrayInsertion = false,
): string {
  const formattingOptions = formatOf(text);
  return applyEdits(text, modify(text, [...at], value, { formattingOptions, isArrayInsertion }));
}

/** The parser makes objects without a prototype, which equal no others. */
const isAt = (node: Node | undefined, value: unknown): boolean =>
  node !== undefined && isDeepStrictEqual(structuredClone(getNodeValue(node)), value);

function alone({ at, value, isListItem }: JsonChange): string {
  const nested = [...at]
    .reverse()
    .reduce<unknown>((inner, name) => ({ [name]: inner }), isListItem ? [value] : value);
  return `${JSON.stringify(nested, null, 2)}\n`;
}

/** Indents like the rest of the file. */
function formatOf(text: string): FormattingOptions {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  return {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 1 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  };
}

const lineOf = (text: string, error: ParseError | undefined): number =>
  text.slice(0, error?.offset ?? 0).split('\n').length;

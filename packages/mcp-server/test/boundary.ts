import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { invisibleCharacters } from '@ocmesh/testkit';
import { textOf } from './connect-client.ts';

/** Starts every text by others in a test, so that it is recognized wherever it shows up. */
export const canary = 'cAnArY';

const FENCED = /^[^\n]+\n<<<untrusted ([0-9a-f]{32})>>>\n([^\n]+)\n<<<end untrusted ([0-9a-f]{32})>>>$/;
/** A different detector than the one under test: compatibility forms decomposed, accents dropped. */
const plainForm = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
const LOOK_ALIKE =
  /<{2,}\s*(end|external)?[\s_]*(end|external)?[\s_]*untrusted|(-{3}|={3}|#{3})\s*(end)?\s*untrusted/;
const RENDERED =
  /!\[|\]\(|<(img|iframe|script|svg|a|link|video|style|https?:)\b|<\||<｜|\[\/?INST\]|\[TOOL_[A-Z]+\]/i;

interface Seen {
  /** Objects with a field `untrusted_content`. */
  holders: number;
  /** Such fields inside text by others. */
  nested: number;
  /** Strings outside of it that hold the canary. */
  leaked: string[];
  unseen: string[];
}

function look(value: unknown, seen: Seen, inside = false): Seen {
  if (typeof value === 'string') {
    if (invisibleCharacters.test(value)) seen.unseen.push(value);
    if (!inside && value.includes(canary)) seen.leaked.push(value);
  }
  if (typeof value !== 'object' || value === null) return seen;
  for (const [key, item] of Object.entries(value)) {
    const marks = key === 'untrusted_content';
    if (marks && inside) seen.nested++;
    else if (marks) seen.holders++;
    look(key, seen, inside);
    look(item, seen, inside || marks);
  }
  return seen;
}

/** Problems with the boundaries of a result that contains text by others; empty if there are none. */
export function boundaryProblems(result: CallToolResult, holders: number): string[] {
  const problems: string[] = [];
  const clean: Seen = { holders, nested: 0, leaked: [], unseen: [] };
  const check = (where: string, value: unknown) => {
    const seen = look(value, { holders: 0, nested: 0, leaked: [], unseen: [] });
    if (JSON.stringify(seen) !== JSON.stringify(clean)) problems.push(`${where}: ${JSON.stringify(seen)}`);
  };
  check('object', result.structuredContent);
  const [, begin, json = '', end] = FENCED.exec(textOf(result)) ?? [];
  if (begin === undefined || begin !== end) problems.push('not one fence with one id');
  else check('text', JSON.parse(json));
  if (LOOK_ALIKE.test(plainForm(json))) problems.push('a second boundary');
  if (RENDERED.test(json)) problems.push('something to render');
  if (new TextEncoder().encode(textOf(result)).length > 20_000) problems.push('too long');
  return problems;
}

import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { invisibleCharacters } from '@ocmesh/testkit';
import { textOf } from './connect-client.ts';

/** Starts every text by others in a test, so that it is recognized wherever it shows up. */
export const canary = 'cAnArY';

const FENCED = /^([\s\S]*?)<<<untrusted ([0-9a-f]{32})>>>\n([\s\S]*)\n<<<end untrusted \2>>>([\s\S]*)$/;
/** What every line by others starts with: the number of its row, and a label of ours. */
const LABELLED =
  /^(\d+|(\d+ )?(name|about|can|features|version|subject|type|id|reply to|thread|text|data|wrote|relay \d+( said)?|wss?:\/\/[a-z0-9.:/-]+ said)): /;
/** A different detector than the one under test: compatibility forms decomposed, accents dropped. */
const plainForm = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
const LOOK_ALIKE =
  /<{2,}\s*(end|external)?[\s_]*(end|external)?[\s_]*untrusted|(-{3}|={3}|#{3})\s*(end)?\s*untrusted/;
const RENDERED =
  /!\[|\]\(|^\s*\[[^\]\n]+\]:|<(img|iframe|script|svg|a|link|video|style|https?:)\b|<\||<｜|\[\/?INST\]|\[TOOL_[A-Z]+\]/im;

/** Problems with a whole result, which has words of others behind a boundary if it is `fenced`; empty if there are none. */
export function boundaryProblems(result: CallToolResult, { fenced = true } = {}): string[] {
  const problems: string[] = [];
  if (
    Object.keys(result).some((key) => key !== 'content' && key !== 'isError') ||
    result.content.length !== 1
  )
    problems.push('more than one text');
  const text = textOf(result);
  const [, before = text, , inside = '', after = ''] = FENCED.exec(text) ?? [];
  if (fenced === (inside === '')) problems.push(fenced ? 'not one fence with one id' : 'a fence');
  if (`${before}${after}`.includes(canary)) problems.push('text by others outside of the fence');
  const unlabelled = (fenced ? inside.split('\n') : []).filter((line) => !LABELLED.test(line));
  if (unlabelled.length > 0) problems.push(`a line without a label: ${JSON.stringify(unlabelled[0])}`);
  if (LOOK_ALIKE.test(plainForm(`${before}\n${inside}\n${after}`))) problems.push('a second boundary');
  if (RENDERED.test(text)) problems.push('something to render');
  if (invisibleCharacters.test(text.replaceAll('\n', ''))) problems.push('an invisible character');
  if (JSON.stringify(text).length > 16_000) problems.push('too long');
  return problems;
}

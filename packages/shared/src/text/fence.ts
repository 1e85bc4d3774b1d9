import { type Random, toHex } from '../ambient/random.ts';
import { fold } from './fold.ts';

/** 128 bits, new for each read: nobody can write the end of a fence in advance. */
const ID_BYTES = 16;

const between = String.raw`[\s._*~|\x27"\-()\[\]]{0,3}`;
const word = [...'untrusted'].join(between);
const lead = String.raw`(?:(?:end|begin|start|stop|close|of|the|external|this|is)[^\p{L}\p{N}]{0,4}){0,4}`;
/**
 * Our own boundaries and what could pass for one in folded text: the word after an angle bracket or two symbols of any
 * kind, or before a long number.
 */
const BOUNDARY = new RegExp(
  String.raw`(?:(?:[<>]|[^\p{L}\p{N}\s.,;!?\x27"]\s{0,2}[^\p{L}\p{N}\s.,;!?\x27"])[^\p{L}\p{N}]{0,4}${lead}${word})|${word}[^\p{L}\p{N}]{0,10}(?:content|text)?[^\p{L}\p{N}]{0,4}(?:id)?[^\p{L}\p{N}]{0,4}[0-9a-fst]{16}`,
  'gu',
);
/** Not longer than what it replaces, so that no text grows. */
const REMOVED = '(no fence)';

/** Makes text safe inside a fence and in Markdown: nothing in it looks like a boundary or is rendered. */
export const makeInert = (text: string): string => withoutMarkup(withoutBoundaries(text));

/** Encloses inert text in two lines with the same random id. */
export function fence(inertText: string, random: Pick<Random, 'bytes'>): string {
  const id = toHex(random.bytes(ID_BYTES));
  return `<<<untrusted ${id}>>>\n${inertText}\n<<<end untrusted ${id}>>>`;
}

function withoutBoundaries(text: string): string {
  const folded = fold(text);
  let out = '';
  let done = 0;
  for (const { 0: match, index } of folded.text.matchAll(BOUNDARY)) {
    const start = Math.max(done, folded.startOf(index));
    out += text.slice(done, start) + REMOVED;
    done = folded.endOf(index + match.length - 1);
  }
  return out + text.slice(done);
}

/**
 * Breaks Markdown images and links, HTML, automatic links and the control words of chat templates by inserting a space,
 * so that code stays readable. Bare URLs stay: no client fetches them by itself.
 */
const withoutMarkup = (text: string): string =>
  text
    .replace(/!(?=\[)/g, '! ')
    .replace(/\](?=\()/g, '] ')
    // A link definition at the start of a line.
    .replace(/^([ >*+-]{0,9}\[[^\]\n]{1,999}\])(?=:)/gm, '$1 ')
    .replace(/<(?=[a-z/!?|\uff5c])/gi, '< ')
    .replace(/\[(?=\/?[gs]?[A-Z_]{2,40}\])/g, '[ ');

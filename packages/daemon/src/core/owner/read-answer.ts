import { cleanText } from '@ocmesh/shared/text';
import type { OwnerChoice } from '../model/owner.ts';
import { ownerLimits } from './limits.ts';

const choices: Readonly<Record<string, OwnerChoice>> = { 1: 'accept', 2: 'refuse', 3: 'block' };
const ANSWER = /^#?([1-9]\d{0,8})[\s.,:-]+([123])\.?$/;
const CODE = new RegExp(`^\\d{${ownerLimits.code.digits}}$`);

/**
 * Reads an answer: the number of a request and 1, 2 or 3, with something between them.
 * @returns null for anything else
 */
export function readAnswer(text: string): { readonly number: number; readonly choice: OwnerChoice } | null {
  const [, number, digit = ''] = ANSWER.exec(plain(text)) ?? [];
  const choice = choices[digit];
  return number === undefined || choice === undefined ? null : { number: Number(number), choice };
}

/** Reads a code as people type it: `482913`, `482 913`, `482-913`. @returns null for anything else */
export function readCode(text: string): string | null {
  const digits = plain(text).replace(/[\s-]/g, '');
  return CODE.test(digits) ? digits : null;
}

/** The text with digits of all scripts, full-width ones and keycaps as 0 to 9, and without what nobody sees. */
const plain = (text: string): string =>
  (text.length > MOST_CHARS ? '' : cleanText(text))
    .normalize('NFKC')
    .replace(/[\ufe0f\u20e3]/g, '')
    .replace(/\p{Nd}/gu, toAscii)
    .trim();
/** Longer texts are neither answers nor codes, whatever they begin with. */
const MOST_CHARS = 100;

const DIGIT = /\p{Nd}/u;

/** In every script the ten digits are in a row, the zero first. */
function toAscii(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let zero = code;
  while (DIGIT.test(String.fromCodePoint(zero - 1))) zero--;
  return String((code - zero) % 10);
}

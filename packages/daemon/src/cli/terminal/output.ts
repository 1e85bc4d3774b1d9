import { styleText } from 'node:util';
import type { Io, Output } from './io.ts';

export type Style = Parameters<typeof styleText>[0];
/** Returns the text in a style, or unchanged if the output shows no colours. */
export type Paint = (style: Style, text: string) => string;

/** Colours only for terminals, and not with NO_COLOR (no-color.org) or TERM=dumb. */
export function paintFor({ env }: Pick<Io, 'env'>, output: Output): Paint {
  const hasColours = output.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return (style, text) => (hasColours ? styleText(style, text, { validateStream: false }) : text);
}

/** Candidates for escaping: JSON has them only within strings, where an escape means the same character. */
const BEYOND_ASCII = /[\u007f-\u{10ffff}]/gu;
/** Characters that control the terminal or are invisible. */
const DECEPTIVE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/u;

/** Returns JSON of exactly this value, with control and invisible characters escaped: safe to print on a terminal. */
export const toJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(BEYOND_ASCII, (char) =>
    DECEPTIVE.test(char) ? escaped(char) : char,
  );

const escaped = (char: string): string =>
  Array.from(
    { length: char.length },
    (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');

export interface Printer {
  /** Whether --json was given. */
  readonly json: boolean;
  /** Prints the result of a command: the value as JSON with --json, else the text. */
  result(value: unknown, text: () => string): void;
  /** Prints one result of many, with --json on one line. */
  item(value: unknown, text: () => string): void;
  /** Prints a line of text, with --json as well. */
  line(text: string): void;
  /** Prints a hint to standard error, for people only. */
  note(text: string): void;
}

export function createPrinter({ stdout, stderr }: Io, json: boolean): Printer {
  const write = (text: string): void => void (text === '' || stdout.write(`${text}\n`));
  return {
    json,
    result: (value, text) => write(json ? toJson(value, 2) : text()),
    item: (value, text) => write(json ? toJson(value) : text()),
    line: write,
    note(text) {
      if (!json) stderr.write(`${text}\n`);
    },
  };
}

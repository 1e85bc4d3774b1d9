import type { Io } from './io.ts';

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What a terminal would act on, or not show. Between quotes an escape of JSON stands for the same character. */
const UNSEEN = /[\u007f-\u{10ffff}]/gu;
const DECEPTIVE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{DI}]/u;

/** JSON that holds the very same value, and that does nothing to the terminal it is printed on. */
export const toJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replace(UNSEEN, (char) =>
    DECEPTIVE.test(char) ? escaped(char) : char,
  );

const escaped = (char: string): string =>
  Array.from(
    { length: char.length },
    (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');

export interface Printer {
  /** Whether a program reads it. */
  readonly json: boolean;
  /** The one answer of a command: the value as JSON where it was asked for, else the text. */
  answer(value: unknown, text: () => string): void;
  /** One of many, as it comes. */
  item(value: unknown, text: () => string): void;
  /** For the person alone, beside the answer. */
  note(text: string): void;
}

export function createPrinter({ stdout, stderr }: Io, json: boolean): Printer {
  const write = (text: string): void => void (text === '' || stdout.write(`${text}\n`));
  return {
    json,
    answer: (value, text) => write(json ? toJson(value, 2) : text()),
    item: (value, text) => write(json ? toJson(value) : text()),
    note(text) {
      if (!json) stderr.write(`${text}\n`);
    },
  };
}

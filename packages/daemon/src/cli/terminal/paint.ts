import { styleText } from 'node:util';
import type { Io, Output } from './io.ts';

export type Style = Parameters<typeof styleText>[0];
export type Paint = (style: Style, text: string) => string;

/** Colours on a terminal that wants them (NO_COLOR, no-color.org); elsewhere the text as it is. */
export function paintFor({ env }: Pick<Io, 'env'>, output: Output): Paint {
  const colours = output.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  return (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
}

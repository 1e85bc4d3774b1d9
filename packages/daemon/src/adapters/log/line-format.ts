import type { LogFields } from '@ocmesh/shared/ambient';
import { cutChars } from '@ocmesh/shared/contract';
import { showUnseen } from '@ocmesh/shared/text';
import { maskQueries } from '@ocmesh/shared/wire';

const VALUE_CHARS = 200;
/** A stack is our own text, and useless when cut short. */
const STACK_CHARS = 4000;

/** Text without invisible characters. Most text is, and searching it for them would take longer than the rest of a line. */
const PLAIN = /^[ -~]*$/;

function shown(text: string, most = VALUE_CHARS): string {
  const cut = cutChars(maskQueries(text), most);
  return PLAIN.test(cut) ? cut : showUnseen(cut);
}

/** `[TIMESTAMP] [LEVEL] message field=value …` */
export function formatLine(timeMs: number, level: string, message: string, fields: LogFields): string {
  let line = `[${new Date(timeMs).toISOString()}] [${level.toUpperCase()}] ${shown(message)}`;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    line += ` ${name}=${formatValue(value, name === 'stack' ? STACK_CHARS : VALUE_CHARS)}`;
  }
  return `${line}\n`;
}

function formatValue(value: LogFields[string], most: number): string {
  const text = shown(String(value), most);
  return /[\s="]/.test(text) ? JSON.stringify(text) : text;
}

import type { LogFields } from '@ocmesh/shared/ambient';
import { cutChars } from '@ocmesh/shared/contract';
import { showUnseen } from '@ocmesh/shared/text';

const VALUE_CHARS = 200;
/** Ours, and useless when cut. */
const STACK_CHARS = 4000;

const shown = (text: string, most = VALUE_CHARS): string => showUnseen(cutChars(text, most));

/** `[TIMESTAMP] [LEVEL] message field=value …` */
export function formatLine(timeMs: number, level: string, message: string, fields: LogFields): string {
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${formatValue(value, name === 'stack' ? STACK_CHARS : VALUE_CHARS)}`)
    .join('');
  return `[${new Date(timeMs).toISOString()}] [${level.toUpperCase()}] ${shown(message)}${rest}\n`;
}

function formatValue(value: LogFields[string], most: number): string {
  const text = shown(String(value), most);
  return /[\s="]/.test(text) ? JSON.stringify(text) : text;
}

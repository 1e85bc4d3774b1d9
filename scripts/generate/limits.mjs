// docs/limits.md: one row for each limit, read from every `limits.ts`. The comment above a value is the text of its row.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const packages = fileURLToPath(new URL('../../packages', import.meta.url));

/** Units by the last word of a name, largest first: [number of base units, name]. @type {Record<string, [number, string][]>} */
const units = {
  bytes: [
    [1024 * 1024, 'MiB'],
    [1024, 'KiB'],
    [1, 'bytes'],
  ],
  ms: [
    [60_000, 'min'],
    [1_000, 's'],
    [1, 'ms'],
  ],
  sec: [
    [86_400, 'days'],
    [60, 'min'],
    [1, 's'],
  ],
  seconds: [
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ],
  minutes: [[1, 'min']],
  hours: [[1, 'h']],
  days: [[1, 'days']],
  chars: [[1, 'characters']],
};

/** The value as people write it: `64 KiB`, `5 s`, `10,000`. A rate has the unit of its amount. @param {string} name @param {number} value */
export function formatValue(name, value) {
  const lastWord = /[A-Z]?[a-z]+$/.exec(name.replace(/Per[A-Z]\w*$/, ''))?.[0].toLowerCase() ?? '';
  const [size, unit] = units[lastWord]?.find(([one]) => value % one === 0) ?? [1, ''];
  return `${(value / size).toLocaleString('en-US')} ${unit}`.trimEnd();
}

/** @param {string} expression numbers and `*` */
const product = (expression) =>
  expression.split('*').reduce((result, factor) => result * Number(factor.replaceAll('_', '')), 1);

/**
 * Reads a `limits.ts`: the comment of its object, and a row for each value.
 * @param {string} source
 */
export function readLimits(source) {
  const intro = /^\/\*\* (.*) \*\/$/m.exec(source)?.[1] ?? '';
  /** @type {string[]} */
  const rows = [];
  /** @type {string[]} */
  const groups = [];
  let comment = '';
  for (const line of source.slice(source.indexOf('export const')).split('\n').slice(1)) {
    const text = line.trim();
    const said = /^\/\*\* (.*) \*\/$/.exec(text);
    const group = /^(\w+): \{$/.exec(text);
    const value = /^(\w+): ([\d_ *]+),$/.exec(text);
    if (said) comment = said[1] ?? '';
    else if (group) groups.push(group[1] ?? '');
    else if (text === '},') groups.pop();
    else if (value) {
      const [, name = '', expression = ''] = value;
      if (!comment) throw new Error(`the limit ${name} has no comment`);
      rows.push(
        `| \`${[...groups, name].join('.')}\` | ${formatValue(name, product(expression))} | ${comment} |`,
      );
      comment = '';
    } else if (text.startsWith('} as const')) break;
    else if (text) throw new Error(`cannot read "${text}"`);
  }
  return { intro, rows };
}

/** @param {string} header */
export function limitsDocument(header) {
  const files = readdirSync(packages, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^[^/]+\/src\/(.*\/)?limits\.ts$/.test(path))
    .sort();
  const sections = files.map((path) => {
    const { intro, rows } = readLimits(readFileSync(join(packages, path), 'utf8'));
    const table = ['| limit | value | what it bounds, and why |', '|---|---|---|', ...rows];
    return `## ${dirname(path).replace('/src', '')}\n\n${intro}\n\n${table.join('\n')}`;
  });
  return `${header}
# Limits

Each section is one \`limits.ts\` in \`packages\`, next to the code that it limits.

${sections.join('\n\n')}
`;
}

import type { Chance } from './seed.ts';

/** Values that parsers, counters and stores stumble over. As JSON text, because some cannot be written as values. */
const nasty: readonly string[] = [
  'null',
  'true',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"\\u202e\\u2066"',
  '"__proto__"',
  '"constructor"',
  '0',
  '-1',
  '-0',
  '1.5',
  '1e308',
  '1e999',
  '9007199254740993',
  '-9223372036854775808',
  '[]',
  '{}',
  '[[]]',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":1,"length":-1,"then":1,"toJSON":1}',
  `"${'x'.repeat(5_000)}"`,
  `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
];

const alphabet = '{}[]",:\\/0123456789eE+-.truefalsn \n\t\0\x1b\u0080\u2028\ud83d\udc4b';

/** Damages a text somewhere: cuts, doubles, swaps or inserts something. */
function mutateText(text: string, { below, pick }: Chance): string {
  const at = below(text.length + 1);
  const end = Math.min(text.length, at + 1 + below(below(4) === 0 ? 200 : 4));
  const [head, part, tail] = [text.slice(0, at), text.slice(at, end), text.slice(end)];
  switch (below(6)) {
    case 0:
      return head + tail;
    case 1:
      return head;
    case 2:
      return head + part + part + tail;
    case 3:
      return head + pick([...alphabet]) + tail;
    case 4:
      return head + pick(nasty) + tail;
    default:
      return head + part.split('').reverse().join('') + tail;
  }
}

/** Replaces one of the values by one that does not belong there. The text stays JSON. */
function mutateValue(text: string, { below, pick }: Chance): string {
  const values = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d+(?:\.\d+)?(?!")|true|false|null/g)];
  if (values.length === 0) return text;
  const { index, 0: value } = pick(values);
  const other = below(3) === 0 ? pick(values)[0] : pick(nasty);
  return text.slice(0, index) + other + text.slice(index + value.length);
}

/** Replaces one of the names by that of another field, or of a property that every object has. */
function mutateName(text: string, { pick }: Chance): string {
  const names = [...text.matchAll(/"(?:[^"\\]|\\.)*"(?=\s*:)/g)];
  if (names.length === 0) return text;
  const { index, 0: name } = pick(names);
  const other = pick([
    pick(names)[0],
    '"__proto__"',
    '"constructor"',
    '"toString"',
    '"then"',
    '"length"',
    '""',
  ]);
  return text.slice(0, index) + other + text.slice(index + name.length);
}

function noise({ below }: Chance): string {
  const length = below(200);
  return Array.from(
    { length },
    () => alphabet[below(alphabet.length)] ?? String.fromCharCode(below(65_536)),
  ).join('');
}

/** Returns a damaged version of the text, or now and then something unrelated. */
export function mutate(text: string, chance: Chance): string {
  if (chance.happens(0.02)) return noise(chance);
  let mutated = text;
  do {
    const kind = chance.below(10);
    mutated = (kind < 2 ? mutateText : kind < 3 ? mutateName : mutateValue)(mutated, chance);
  } while (chance.happens(0.3));
  return mutated;
}

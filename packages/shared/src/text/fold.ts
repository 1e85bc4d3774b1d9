/** Letters of other scripts, and digits, that look like a Latin letter of the fence's word. */
const lookAlikes: Readonly<Record<string, string>> = {
  u: 'υսцџμµʋᴜꭎꭒꓴ∪⋃ц',
  n: 'пηոռɴνⲛꓠռ',
  t: 'тτᴛꭲⲧꓔ†⊤7+',
  r: 'гᴦʀɾꭱꭇꓣя',
  s: 'ѕꜱʂꮪꓢƽ5$§',
  e: 'еєεɛᴇꭼⲉꓰ℮ҽ∊3€',
  d: 'ԁɗđժᴅꭰꓓ',
  c: 'сϲᴄⲥꓚ',
  o: 'оοօᴏⲟꓳ',
  '<': '‹«《〈⟨⟪❮❬❰≪⋘⦑⧼˂ᐸ⪡◁◀◂⟸←⇐',
  '>': '›»》〉⟩⟫❯❭❱≫⋙⦒⧽˃ᐳ⪢▷▶▸⟹→⇒',
};
const latin = new Map(
  Object.entries(lookAlikes).flatMap(([letter, others]) => Array.from(others, (other) => [other, letter])),
);

const PLAIN = /^\p{ASCII}*$/u;
const AMBIGUOUS = /[7+5$3]/g;

/** First of each 26 letters in circles, squares and flags, which have no decomposition in Unicode. */
const ENCLOSED_A = [0x1f150, 0x1f170, 0x1f1e6];

export interface Folded {
  readonly text: string;
  /** Start, in the original, of the character that the unit of `text` at this index came from. */
  startOf(index: number): number;
  endOf(index: number): number;
}

/** Folds text to what a hasty reader sees: plain lower-case letters and brackets, without accents and unseen characters. */
export function fold(original: string): Folded {
  if (PLAIN.test(original)) {
    const text = original.toLowerCase().replace(AMBIGUOUS, (char) => latin.get(char) ?? char);
    return { text, startOf: (index) => index, endOf: (index) => index + 1 };
  }
  let text = '';
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const char of original) {
    const plain = foldChar(char);
    text += plain;
    for (let i = 0; i < plain.length; i++) {
      starts.push(at);
      ends.push(at + char.length);
    }
    at += char.length;
  }
  return { text, startOf: (index) => starts[index] ?? at, endOf: (index) => ends[index] ?? at };
}

/** Cache for characters beyond ASCII: decomposing one takes a microsecond, and texts repeat them. */
const known = new Map<string, string>();
const KNOWN_CHARS = 4096;

function foldChar(char: string): string {
  if (char < '\u0080') return latin.get(char) ?? char.toLowerCase();
  const before = known.get(char);
  if (before !== undefined) return before;
  if (known.size >= KNOWN_CHARS) known.clear();
  const plain = decompose(char);
  known.set(char, plain);
  return plain;
}

function decompose(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const first = ENCLOSED_A.find((a) => code >= a && code < a + 26);
  if (first !== undefined) return String.fromCharCode(0x61 + code - first);
  const plain = char.normalize('NFKD').replace(/[\p{M}\p{DI}]/gu, '');
  return Array.from(plain, (one) => latin.get(one.toLowerCase()) ?? one.toLowerCase()).join('');
}

import { isSlug } from '@ocmesh/shared/contract';
import { foldAccents, wordsOf } from '@ocmesh/shared/text';
import type { Claims } from '@ocmesh/shared/wire';
import { meshLimits } from './limits.ts';

/** What a peer says about itself, as far as a search looks at it. */
export interface SearchedClaims extends Claims {
  readonly name: string | null;
}

export interface Matcher {
  /** Returns how well the claims fit what was asked for; 0 if no word of it occurs. */
  score(claims: SearchedClaims): number;
  /** Capabilities that the question may mean, as relays index them. */
  readonly labels: readonly string[];
}

const WEIGHT = { capability: 3, name: 1, about: 1 } as const;
/** A word, or its plural in -s. */
const SAME_WORD = 3;
/** Another form of a word, such as `translation` for `translate`. */
const NEAR_WORD = 2;
/** More for a capability that is just this word. */
const WHOLE = 1;
/** Letters of the shortest word with a plural: `is` is none of `i`. */
const PLURAL_LETTERS = 3;
/** Letters that two forms of a word share at least. */
const NEAR_LETTERS = 4;
/** Words of one label: `text-to-speech`. */
const LABEL_WORDS = 3;

/** Words of a question that say nothing about an ability. */
const fillers = new Set(
  wordsOf(
    `A AN AND ANY ANYBODY ANYONE ARE AS AT BE BY CAN COULD DO DOES FIND FOR FROM GET GIVE HAS HAVE HELP HOW I IN INTO IS IT ITS
     KNOW KNOWS LIKE LOOKING ME MY NEED NEEDS OF ON OR OUR OUT PLEASE SHOULD SOME SOMEBODY SOMEONE SOMETHING THAT THE THEIR THEM THEN
     THERE THESE THIS THOSE TO UP US WANT WANTS WE WHAT WHEN WHERE WHICH WHO WHOSE WILL WITH WOULD YOU YOUR AGENT AGENTS`,
  ),
);

/**
 * Creates a matcher for a question in any words. Each word counts 3 in a capability, 1 in the name and 1 in the description; more
 * words of the question count more than one word in several places. A capability of several words that were all asked for counts
 * twice: `weather-forecast` comes before `weather-alerts` and `sales-forecast` together.
 */
export function createMatcher(question: string): Matcher {
  const all = wordsOf(foldAccents(question)).slice(0, meshLimits.search.words);
  const telling = all.filter((word) => !fillers.has(word));
  const asked = [...new Set(telling.length > 0 ? telling : all)];
  /** Most peers are about something else, and one look at the whole text shows it. Three letters: `cats` finds `cat`. */
  const starts = new RegExp(asked.map((word) => word.slice(0, PLURAL_LETTERS)).join('|'));

  /** Returns how well each word of the question fits the best of these capabilities. */
  function fitCapabilities(capabilities: readonly string[]): number[] {
    const fits = asked.map(() => 0);
    for (const capability of capabilities) {
      const words = wordsOf(foldAccents(capability));
      const found = asked.map((word) => best(word, words));
      if (found.every((fit) => fit === 0)) continue;
      const isWhole = words.every((word) => fillers.has(word) || best(word, asked) > 0);
      const factor = isWhole && words.length > 1 ? 2 : 1;
      const extra = isWhole && words.length === 1 ? WHOLE : 0;
      found.forEach((fit, n) => {
        if (fit > 0) fits[n] = Math.max(fits[n] ?? 0, factor * WEIGHT.capability * fit + extra);
      });
    }
    return fits;
  }

  return {
    score({ name, about, capabilities }) {
      if (asked.length === 0) return 0;
      const text = foldAccents(`${capabilities.join('\n')}\n${name ?? ''}\n${about ?? ''}`);
      if (!starts.test(text)) return 0;
      const claimed = fitCapabilities(capabilities);
      const named = wordsOf(foldAccents(name ?? ''));
      const described = wordsOf(foldAccents(about ?? ''));
      const scores = asked.map(
        (word, n) =>
          (claimed[n] ?? 0) + WEIGHT.name * best(word, named) + WEIGHT.about * best(word, described),
      );
      const found = scores.filter((score) => score > 0).length;
      return scores.reduce((sum, score) => sum + score, 0) * (asked.length + found);
    },
    labels: toLabels(all),
  };
}

/** Returns how well a word fits the best of these. */
const best = (word: string, words: readonly string[]): number =>
  words.reduce((most, other) => Math.max(most, fit(word, other)), 0);

function fit(word: string, other: string): number {
  const [short, long] = word.length < other.length ? [word, other] : [other, word];
  if (long === short || (short.length >= PLURAL_LETTERS && long === `${short}S`)) return SAME_WORD;
  let shared = 0;
  while (shared < short.length && short[shared] === long[shared]) shared++;
  if (shared < NEAR_LETTERS) return 0;
  const isNear = shared === short.length ? shared * 2 >= long.length : shared * 3 >= long.length * 2;
  return isNear ? NEAR_WORD : 0;
}

/** Returns the runs of words that may be a capability, the short ones first. */
function toLabels(words: readonly string[]): string[] {
  const labels: string[] = [];
  for (let count = 1; count <= LABEL_WORDS; count++) {
    for (let from = 0; from + count <= words.length; from++) {
      const run = words.slice(from, from + count);
      if (fillers.has(run[0] ?? '') || fillers.has(run.at(-1) ?? '')) continue;
      labels.push(run.join('-').toLowerCase());
    }
  }
  return [...new Set(labels)].filter(isSlug).slice(0, meshLimits.search.labels);
}

import { createSeededRandom } from '@ocmesh/testkit';
import { describe, expect, test } from 'vitest';
import { createMatcher, type SearchedClaims } from './match-claims.ts';

const claims = (about: string | null, ...capabilities: string[]): SearchedClaims => ({
  name: null,
  about,
  capabilities,
});
const named = (name: string): SearchedClaims => ({ name, about: null, capabilities: [] });
const scoreOf = (question: string, peer: SearchedClaims): number => createMatcher(question).score(peer);

test.each([
  ['Weather', claims(null, 'weather')],
  ['WEATHER FORECAST', claims(null, 'weather-forecast')],
  ['forecasts', claims(null, 'weather-forecast')],
  ['cats', claims(null, 'cat')],
  ['translate this contract', claims(null, 'translation')],
  ['book a flight', claims(null, 'flight-booking')],
  ['summarise a long text', claims('I write a summary of anything.')],
  ['météo', claims(null, 'meteo')],
  ['meteo', claims('Météo pour la France')],
  ['прогноз погоды', claims('Погода и прогноз')],
  ['weather', named('WeatherBot')],
  ['weather', claims('wea\u200bther')],
  ['code review', claims(null, 'Code Review')],
])('%j finds %j', (question, peer) => {
  expect(scoreOf(question, peer)).toBeGreaterThan(0);
});

test.each([
  ['weather', claims('I know about wealth.', 'leather')],
  ['car', claims(null, 'carpet-cleaning')],
  ['a forecast for the weather', claims('I am an agent for the blind, and can do a lot.')],
  ['form', claims(null, 'information')],
  ['juggling', claims(null, 'weather-forecast')],
  ['c', claims(null, 'cs')],
  ['???', claims('???')],
  ['weather.*', claims('anything')],
])('%j does not find %j', (question, peer) => {
  expect(scoreOf(question, peer)).toBe(0);
});

test.each([
  [
    'a capability before a name and a description',
    claims(null, 'weather-forecast'),
    { ...named('Weather'), about: 'weather' },
  ],
  ['the same word before another form of it', claims(null, 'weather'), claims(null, 'weatherman')],
  [
    'exactly what was asked before something wider',
    claims(null, 'weather'),
    claims(null, 'weather-forecast'),
  ],
])('%s', (_, better, worse) => {
  expect(scoreOf('Weather', better)).toBeGreaterThan(scoreOf('Weather', worse));
  expect(scoreOf('Weather', worse)).toBeGreaterThan(0);
});

test('one capability that means it comes before three that have its words', () => {
  const whole = claims(null, 'weather-forecast');
  const parts = claims(null, 'weather-alerts', 'sales-forecast', 'lisbon-guide');
  const question = 'Weather forecast for Lisbon';
  expect(scoreOf(question, whole)).toBeGreaterThan(scoreOf(question, parts));
});

test('what it asks relays for are the capabilities that its words may be', () => {
  expect(createMatcher('Weather forecast for Lisbon').labels).toEqual([
    'weather',
    'forecast',
    'lisbon',
    'weather-forecast',
    'forecast-for-lisbon',
  ]);
  expect(createMatcher('Can you do text to speech?').labels).toContain('text-to-speech');
  expect(createMatcher('прогноз погоды').labels).toEqual([]);
  expect(createMatcher('a b c d e f g '.repeat(18)).labels.length).toBeLessThanOrEqual(20);
});

describe('among 1,000 profiles', () => {
  /** What was asked, in the words of a person, and who should answer. */
  const asked: readonly [question: string, right: SearchedClaims][] = [
    ['Weather forecast for Lisbon', claims('Forecasts for all of Portugal.', 'weather-forecast')],
    [
      'translate this German contract into English',
      claims(null, 'german-english-translation', 'legal-translation'),
    ],
    ['Who can book a flight to Tokyo?', claims('I find and book plane tickets.', 'flight-booking')],
    ['review my pull request', claims('Careful with other people’s code.', 'code-review', 'pull-requests')],
    ['summarize a PDF', claims(null, 'pdf', 'summaries')],
    ['I need somebody to check an invoice', claims('Checks bills against orders.', 'invoice-checking')],
    ['play chess with me', claims(null, 'chess')],
    ['find a recipe without gluten', claims('Gluten-free cooking.', 'recipes')],
    ['turn text to speech in Portuguese', claims(null, 'text-to-speech', 'portuguese')],
    ['what is the exchange rate of the euro', claims(null, 'exchange-rates', 'euro')],
    ['generate an image of a cat', claims('Draws what you describe.', 'image-generation')],
    ['proofread my essay', claims(null, 'proofreading', 'essays')],
    ['schedule a meeting next week', claims('Keeps calendars.', 'meeting-scheduling')],
    ['debug a Rust program', claims(null, 'rust', 'debugging')],
    ['monitor my server and tell me when it is down', claims(null, 'server-monitoring')],
    ['traduire en français', claims('Traduit de l’anglais en français.', 'traduction')],
    ['order flowers for a birthday', claims('Birthday bouquets.', 'flower-delivery')],
    ['analyse these sales figures', claims('Statistics and sales.', 'sales-analysis')],
    ['plan a hiking tour in the Alps', claims('Knows every hut of the Alps.', 'hiking', 'tour-planning')],
    ['solve a differential equation', claims(null, 'mathematics', 'differential-equations')],
  ];

  /** Made of the words of all subjects, so that every question has many near answers. */
  function others(count: number): SearchedClaims[] {
    const random = createSeededRandom(32);
    const words =
      `weather forecast alerts history translation german english legal contract flight hotel train booking review design code
       request pdf archive printing invoice tax salary chess poker music cooking wine recipe speech text subtitles portuguese
       exchange currency stock rate image video photo cat dog essay story poem meeting room calendar email rust python debugging
       server database backup monitoring flower garden birthday gift sales marketing analysis statistics hiking cycling tour
       ticket museum mathematics physics equation teaching french japan news search travel health sport`.split(
        /\s+/,
      );
    const pick = (): string => words[Math.floor(random.unit() * words.length)] as string;
    return Array.from({ length: count }, (_, n) => ({
      name: n % 3 ? `${pick()} agent` : null,
      about: n % 2 ? `I can help you with ${pick()}, ${pick()} and ${pick()}.` : null,
      capabilities: Array.from({ length: 1 + (n % 4) }, () => (n % 5 ? `${pick()}-${pick()}` : pick())),
    }));
  }
  const crowd = others(1_000 - asked.length);

  test.each(asked)('%j has the right one in the first five', (question, right) => {
    const { score } = createMatcher(question);
    const isBetter = (peer: SearchedClaims): boolean =>
      score(peer) > score(right) ||
      (score(peer) === score(right) && peer.capabilities.length <= right.capabilities.length);
    const better = [...crowd, ...asked.map(([, peer]) => peer)].filter(
      (peer) => peer !== right && isBetter(peer),
    );
    expect(score(right)).toBeGreaterThan(0);
    expect(better.length).toBeLessThan(5);
  });
});

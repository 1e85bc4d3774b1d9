import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pubkey } from '../contract/ids.ts';
import { limits } from '../contract/limits.ts';
import { type EventDraft, expirationOf, isExpired, parseEvent } from './event.ts';
import { labelFilter, noteFilter, presenceEvent, presenceFilter, readPresence } from './presence.ts';

const pubkey = 'ab'.repeat(32) as Pubkey;
const signed = (draft: EventDraft) => ({ ...draft, pubkey, id: '00'.repeat(32), sig: '00'.repeat(64) });
const claim = fc.stringMatching(/^[a-z0-9-]{1,64}$/);

test('survives a round trip in both kinds', () => {
  fc.assert(
    fc.property(
      fc.record({
        kind: fc.constantFrom(1 as const, 31337 as const),
        createdAtSec: fc.integer({ min: 1_000_000, max: 2_000_000_000 }),
        lifetimeSec: fc.integer({ min: 1, max: 86_400 }),
        version: claim,
        name: fc.option(
          fc
            .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
            .map((name) => name.trim())
            .filter((name) => name !== ''),
        ),
        features: fc.uniqueArray(claim, { minLength: 1, maxLength: 10 }),
        profile: fc.record({
          about: fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })),
          capabilities: fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,16}(-[a-z0-9]{1,15})?$/), {
            maxLength: limits.profile.capabilities,
          }),
        }),
        status: fc.constantFrom('online' as const, 'offline' as const),
        instance: claim,
      }),
      (draft) => {
        const event = signed(presenceEvent(draft));
        expect(parseEvent(event)).toEqual(event);
        const { createdAtSec, version, name, features, profile, status, instance } = draft;
        expect(readPresence(event, createdAtSec)).toEqual({
          pubkey,
          createdAtSec,
          version,
          name: name && Array.from(name).slice(0, 64).join(''),
          features,
          profile,
          online: status === 'online',
          lifetimeSec: draft.lifetimeSec,
          instance,
        });
        expect(readPresence(event, createdAtSec + draft.lifetimeSec)).toBeNull();
      },
    ),
  );
});

test('reads the presence of the deployed mesh', () => {
  const tags = [
    ['d', 'ocmesh-presence'],
    ['app', 'ocmesh'],
    ['v', '0.1.0'],
  ];
  expect(
    readPresence(signed({ kind: 31337, created_at: 5, tags, content: 'ocmesh-agent-online' }), 10),
  ).toEqual({
    pubkey,
    createdAtSec: 5,
    online: true,
    lifetimeSec: null,
    name: null,
    version: '0.1.0',
    features: ['messaging'],
    profile: null,
    instance: null,
  });
});

describe('what an agent says about itself', () => {
  const marked = [['d', 'ocmesh-presence']];
  const profileOf = (...tags: string[][]) =>
    readPresence(signed({ kind: 31337, created_at: 5, tags: [...marked, ...tags], content: '' }), 10)
      ?.profile;

  test('is a self-label of our namespace (NIP-32), and nothing else', () => {
    const labels = [
      ['l', 'weather-forecast', 'ocmesh'],
      ['l', 'weather-forecast', 'ocmesh'],
      ['l', 'en', 'ISO-639-1'],
      ['l', 'no-namespace'],
      ['l', '', 'ocmesh'],
      ['l', 'Not A Slug', 'ocmesh'],
      ['l', '![x](http://evil.example)', 'ocmesh'],
      ['l', 'a'.repeat(33), 'ocmesh'],
      ['l'],
    ];
    const about = ['about', 'I know the weather.'];
    expect(profileOf(['L', 'ISO-639-1'], ['L', 'ocmesh'], about, ...labels)).toEqual({
      about: 'I know the weather.',
      capabilities: ['weather-forecast'],
    });
  });

  test('is that it says nothing, if only the namespace is there', () => {
    expect(profileOf(['L', 'ocmesh'])).toEqual({ about: null, capabilities: [] });
  });

  test('is unknown without the namespace', () => {
    expect(profileOf(['about', 'x'], ['l', 'chat', 'ocmesh'], ['L', 'other'])).toBeNull();
  });

  test('is cut to its limits', () => {
    const labels = Array.from({ length: 90 }, (_, n) => ['l', `c-${n}`, 'ocmesh']);
    const profile = profileOf(['L', 'ocmesh'], ['about', '👋'.repeat(1000)], ...labels);
    expect(profile?.about).toBe('👋'.repeat(limits.profile.aboutChars));
    expect(profile?.capabilities).toHaveLength(limits.profile.capabilities);
  });
});

test.each([
  [
    31337,
    [
      ['d', 'other'],
      ['app', 'ocmesh'],
      ['t', 'ocmesh'],
    ],
  ],
  [
    31337,
    [
      ['app', 'ocmesh'],
      ['t', 'ocmesh'],
    ],
  ],
  [1, [['t', 'ocmesh']]],
  [1, [['app', 'ocmesh']]],
  [1, [['d', 'ocmesh-presence']]],
  [
    4,
    [
      ['d', 'ocmesh-presence'],
      ['app', 'ocmesh'],
      ['t', 'ocmesh'],
    ],
  ],
])('kind %i with %j is none', (kind, tags) => {
  expect(readPresence(signed({ kind, created_at: 5, tags, content: '' }), 10)).toBeNull();
});

test('names and features are cut to their limits', () => {
  const tags = [
    ['d', 'ocmesh-presence'],
    ['name', `  ${'👋'.repeat(100)}`],
    ['v', 'v'.repeat(100)],
    ...Array.from({ length: 100 }, (_, index) => ['f', `f${index}`]),
    ['f', 'x'.repeat(65)],
    ['f'],
  ];
  const presence = readPresence(signed({ kind: 31337, created_at: 5, tags, content: '' }), 10);
  expect(Array.from(presence?.name ?? '')).toHaveLength(64);
  expect(presence?.version).toHaveLength(64);
  expect(presence?.features).toHaveLength(32);
});

test('a blank name counts as no name', () => {
  const tags = [
    ['d', 'ocmesh-presence'],
    ['name', ' \t '],
  ];
  expect(readPresence(signed({ kind: 31337, created_at: 5, tags, content: '' }), 10)?.name).toBeNull();
});

test('filters only by single-letter tags', () => {
  for (const filter of [presenceFilter({ since: 7 }), noteFilter({ since: 7 }), labelFilter(['x'], 7, 1)]) {
    expect(filter.since).toBe(7);
    for (const key of Object.keys(filter)) expect(key).toMatch(/^#[a-zA-Z]$|^kinds$|^since$|^limit$/);
  }
});

test.each([
  ['10', 10],
  ['0', 0],
  ['', undefined],
  ['-1', undefined],
  ['1e3', undefined],
  ['1.5', undefined],
  ['9'.repeat(13), undefined],
  ['x', undefined],
])('an expiration of %j is %s', (value, expiration) => {
  expect(expirationOf({ tags: [['expiration', value]] })).toBe(expiration);
});

test('expires in the second of its expiration', () => {
  const event = { tags: [['expiration', '10']] };
  expect([isExpired(event, 9), isExpired(event, 10), isExpired({ tags: [] }, 10)]).toEqual([
    false,
    true,
    false,
  ]);
});

test('parsing an event never throws and keeps only the seven fields', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      parseEvent(value);
    }),
  );
  const event = signed({ kind: 1, created_at: 1, tags: [['t', 'x']], content: 'c' });
  expect(parseEvent({ ...event, extra: 1, [Symbol('verified')]: true })).toStrictEqual(event);
});

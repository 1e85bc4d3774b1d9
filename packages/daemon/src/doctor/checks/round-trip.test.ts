import type { RelayDetails } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { createFakeClock, createSeededRandom } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import { createIdentity } from '../../core/identity/identity.ts';
import { createNostrToolsEngine } from '../../core/identity/nostr-tools-engine.ts';
import type { PublishOutcome } from '../../core/ports/relay-network.ts';
import type { Finding } from '../check.ts';
import type { StoreFacts } from '../probes/facts.ts';
import { roundTripCheck } from './round-trip.ts';

type Relay = { publish?: PublishOutcome; returns?: (event: NostrEvent) => unknown[] };

const accepted: PublishOutcome = { outcome: 'accepted', reason: null, prefix: null };
const refused: PublishOutcome = { outcome: 'rejected', reason: 'restricted: no', prefix: 'restricted' };

/** @param relays behaviour of each relay; honest by default */
function setUp(relays: Record<string, Relay>, hasStore = true) {
  const clock = createFakeClock();
  const engine = createNostrToolsEngine();
  const random = createSeededRandom(1);
  const identity = createIdentity({ engine, random, clock }, new Uint8Array(32).fill(7));
  const published: { url: string; event: NostrEvent }[] = [];
  const details = (url: string) => ({ url, carries_dms: true }) as RelayDetails;
  const check = roundTripCheck(
    {
      store: async () => (hasStore ? ({} as StoreFacts) : null),
      relays: async () => Object.keys(relays).map(details),
      probe: async () => ({
        identity,
        probe: {
          connect: async (urls) => urls.map(details),
          async publish(url, event) {
            published.push({ url, event });
            return relays[url]?.publish ?? accepted;
          },
          async find(url) {
            const { event } = published.findLast((one) => one.url === url) as { event: NostrEvent };
            return {
              complete: true,
              tooLarge: false,
              rows: 0,
              ignoresUntil: false,
              hint: null,
              events: (relays[url]?.returns ?? ((one) => [one]))(event),
            };
          },
          async close() {},
        },
      }),
    },
    clock,
  );
  const run = async (): Promise<Finding> => {
    const finding = Promise.resolve(check.run());
    await clock.advance(20_000);
    return (await finding) as Finding;
  };
  return { run, published, clock, identity };
}

describe(roundTripCheck, () => {
  it('sends one encrypted message through one relay, and asks it to delete that soon', async () => {
    const { run, published, clock, identity } = setUp({ a: {}, b: {} });
    expect(await run()).toMatchObject({ state: 'ok', found: expect.stringContaining('through a and back') });
    expect(published).toHaveLength(1);
    const { event } = published[0] as { event: NostrEvent };
    expect(event).toMatchObject({ kind: 4, pubkey: identity.pubkey });
    expect(event.content).not.toContain('doctor');
    const startedSec = Math.floor((clock.now() - 20_000) / 1000);
    expect(event.tags).toEqual([
      ['p', identity.pubkey],
      ['expiration', String(startedSec + 60)],
    ]);
  });

  it('tries the next relay if one refuses, and says so', async () => {
    const { run } = setUp({ a: { publish: refused }, b: {} });
    expect(await run()).toMatchObject({
      state: 'warn',
      found: expect.stringMatching(/through b .*; failed before: a rejected it: “restricted: no”/),
    });
  });

  it.each<[string, Relay, RegExp]>([
    ['returns nothing', { returns: () => [] }, /accepted it, but does not return it/],
    ['returns garbage', { returns: () => [{ kind: 4 }] }, /returned something else/],
    [
      'returns an event that it altered',
      { returns: (event) => [{ ...event, content: 'x?iv=y' }] },
      /returned something else/,
    ],
  ])('fails if every relay %s', async (_, relay, found) => {
    expect(await setUp({ a: relay, b: relay }).run()).toMatchObject({
      state: 'fail',
      found: expect.stringMatching(found),
    });
  });

  it('needs a relay and an identity', async () => {
    expect(await setUp({}).run()).toMatchObject({ state: 'skipped' });
    const { run, published } = setUp({ a: {} }, false);
    expect(await run()).toMatchObject({ state: 'skipped' });
    expect(published).toEqual([]);
  });
});

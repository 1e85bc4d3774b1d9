import type { RelayDetails } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import { createFakeClock, createSeededRandom } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import { createIdentity } from '../../core/identity/identity.ts';
import { createNostrToolsEngine } from '../../core/identity/nostr-tools-engine.ts';
import type { Answer } from '../../core/model/relay.ts';
import type { PublishOutcome } from '../../core/ports/relay-network.ts';
import type { Finding } from '../check.ts';
import type { StoreFacts } from '../probes/facts.ts';
import { roundTripCheck } from './round-trip.ts';

type Relay = Partial<{ published: PublishOutcome; keeps: Answer; forwards: Answer }>;

const accepted: PublishOutcome = { outcome: 'accepted', reason: null, prefix: null };
const refused: PublishOutcome = { outcome: 'rejected', reason: 'restricted: no', prefix: 'restricted' };
const yes: Answer = { answer: 'yes', reason: null };
const drops: Answer = { answer: 'no', reason: 'It does not return it.' };
const late: Answer = { answer: 'no', reason: 'It does not send it.' };

/** @param relays behaviour of each relay; honest by default */
function setUp(relays: Record<string, Relay>, hasStore = true) {
  const clock = createFakeClock();
  const engine = createNostrToolsEngine();
  const random = createSeededRandom(1);
  const identity = createIdentity({ engine, random, clock }, new Uint8Array(32).fill(7));
  const sent: { url: string; event: NostrEvent }[] = [];
  const details = (url: string) => ({ url, carries_dms: true }) as RelayDetails;
  const check = roundTripCheck(
    {
      store: async () => (hasStore ? ({} as StoreFacts) : null),
      goesAroundProxy: async () => false,
      relays: async () => Object.keys(relays).map(details),
      probe: async () => ({
        identity,
        probe: {
          connect: async (urls) => urls.map(details),
          async test(url, event) {
            sent.push({ url, event });
            return { published: accepted, keeps: yes, forwards: yes, ...relays[url] };
          },
          publish: async () => accepted,
          findPresence: async () => yes,
          async close() {},
        },
      }),
    },
    clock,
  );
  const run = async (): Promise<Finding[]> => [await check.run()].flat();
  return { run, sent, clock, identity };
}

const states = async (relays: Record<string, Relay>) =>
  (await setUp(relays).run()).map(({ state, found }) => `${state} ${found}`);

describe(roundTripCheck, () => {
  it('sends a gift wrap and a kind 4 event through every relay, and asks each to delete them soon', async () => {
    const { run, sent, clock, identity } = setUp({ a: {}, b: {} });
    expect((await run()).map(({ state }) => state)).toEqual(['ok', 'ok']);
    expect(sent.map(({ url, event }) => [url, event.kind])).toEqual([
      ['a', 1059],
      ['a', 4],
      ['b', 1059],
      ['b', 4],
    ]);
    for (const { event } of sent) {
      expect(event.content).not.toContain('relay-test');
      expect(event.tags).toEqual([
        ['p', identity.pubkey],
        ['expiration', String(Math.floor(clock.now() / 1000) + 60)],
      ]);
    }
  });

  it('names each relay that refuses, drops or delays, as a warning while another one works', async () => {
    const found = await states({
      a: { published: refused, keeps: { answer: 'unknown', reason: 'x' } },
      b: { keeps: drops },
      c: { forwards: late },
      d: {},
    });
    expect(found).toEqual([
      'warn a: It rejected it: “restricted: no”',
      'warn b: It does not return it.',
      'warn c: It does not send it.',
      'ok d takes, keeps and forwards messages, in 0 ms',
    ]);
  });

  it('fails if no relay keeps messages', async () => {
    expect(await states({ a: { keeps: drops }, b: { keeps: drops } })).toEqual([
      'fail a: It does not return it.',
      'fail b: It does not return it.',
    ]);
  });

  it('needs a relay and an identity', async () => {
    expect(await setUp({}).run()).toMatchObject([{ state: 'skipped' }]);
    const { run, sent } = setUp({ a: {} }, false);
    expect(await run()).toMatchObject([{ state: 'skipped' }]);
    expect(sent).toEqual([]);
  });
});

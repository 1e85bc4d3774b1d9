import { createServer, type Server } from 'node:net';
import type { RelayDetails } from '@ocmesh/shared/contract';
import { createFakeClock, createRealClock } from '@ocmesh/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../config/load.ts';
import type { Finding } from '../check.ts';
import type { StoreFacts } from '../probes/facts.ts';
import { whenSettled } from '../probes/relay-probe.ts';
import { traceRelay } from '../probes/trace-relay.ts';
import { clockCheck } from './clock.ts';
import { relaysCheck } from './relays.ts';

const relay = (overrides: Partial<RelayDetails> = {}): RelayDetails => ({
  url: 'wss://relay.example',
  role: 'own',
  state: 'connected',
  rests_until: null,
  connected_since: null,
  carries_dms: true,
  last_error: null,
  clock_offset_ms: 0,
  round_trip_ms: 12.4,
  supported_nips: [1, 11],
  limitation: {},
  ...overrides,
});
const dead = relay({ url: 'wss://dead.example', state: 'disconnected', carries_dms: false, last_error: 'x' });

interface Settings {
  readonly isOfLastRun?: boolean;
  readonly named?: string[];
  readonly choices?: StoreFacts['relayChoices'];
}

type Broken = Awaited<ReturnType<typeof traceRelay>>;

async function look(
  relays: RelayDetails[],
  broken: Broken | ((url: string) => Broken) = null,
  { named, choices = [], isOfLastRun = false }: Settings = {},
) {
  const facts = {
    relays: async () => relays,
    relaysAreOfLastRun: async () => isOfLastRun,
    config: () => loadConfig('/no/config.json', {}, { relays: named }),
    store: async () => ({
      schema: 3,
      bytes: 0,
      messages: 0,
      secretKey: null,
      policy: {},
      relayChoices: choices,
      listened: [],
    }),
  };
  const trace = async (url: string) => (typeof broken === 'function' ? broken(url) : broken);
  return [await relaysCheck(facts, createFakeClock(), trace).run()].flat();
}

describe(relaysCheck, () => {
  it('says how a relay answers', async () => {
    expect(await look([relay()])).toMatchObject([
      {
        state: 'ok',
        found: 'wss://relay.example: connected, answers in 12 ms; NIP-11 names 2 NIPs; messages can be read',
      },
    ]);
  });

  it('warns of one that fails beside another that works, and fails when none does', async () => {
    expect((await look([relay(), dead])).map(({ state }) => state)).toEqual(['ok', 'warn']);
    expect((await look([dead, dead])).map(({ state }) => state)).toEqual(['fail', 'fail']);
  });

  it.each<[string, Settings, string, string]>([
    [
      'the owner removed the last one',
      { choices: [{ url: 'wss://relay.example', wanted: false }] },
      'None is on the list: `ocmesh relays remove` took the last one away.',
      'While the daemon runs, `ocmesh relays add <url>` adds one.',
    ],
    [
      'the owner removed the last one of those that are named',
      { named: ['wss://relay.example'], choices: [{ url: 'wss://relay.example', wanted: false }] },
      'None is on the list: `ocmesh relays remove` took the last one away.',
      'While the daemon runs, `ocmesh relays add <url>` adds one.',
    ],
    [
      'an empty list is configured',
      { named: [] },
      'None is on the list: relays from --relay is empty.',
      'Name one there. While the daemon runs, `ocmesh relays add <url>` adds one.',
    ],
    [
      'the daemon alone knows why',
      {},
      'None is on the list.',
      'While the daemon runs, `ocmesh relays add <url>` adds one.',
    ],
  ])('fails without any relay, where %s', async (_, settings, found, nextStep) => {
    expect(await look([], null, settings)).toEqual([{ state: 'fail', found, nextStep }]);
  });

  it.each<[RelayDetails['state'], string | null, RegExp]>([
    ['auth_failed', 'auth-required: who?', /AUTH \(NIP-42\) failed: “auth-required: who\?”/],
    ['auth_required', null, /AUTH \(NIP-42\) failed$/],
    ['restricted', 'restricted: no', /members only: “restricted: no”/],
    ['payment_required', 'pay', /wants to be paid: “pay”/],
    ['misbehaving', null, /forged/],
    ['connected', 'error: no', /does not let us read messages: “error: no”/],
    ['connected', null, /does not answer when we ask for messages/],
    ['disconnected', 'the handshake has timed out', /WebSocket: not opened: “the handshake has timed out”/],
  ])('explains a relay that is %s (%s)', async (state, words, found) => {
    const [finding] = await look([relay({ state, carries_dms: false, last_error: words })]);
    expect(finding).toMatchObject({ state: 'fail', found: expect.stringMatching(found) });
  });

  it('says where they are those of the last run: the default ones were not examined', async () => {
    expect(await look([relay()], null, { isOfLastRun: true })).toMatchObject([
      { state: 'skipped', found: expect.stringContaining('not the default ones') },
      { state: 'ok' },
    ]);
  });

  it('names the step at which the way to it ends', async () => {
    expect(
      await look([dead], { step: 'DNS', why: 'the name dead.example is not found (ENOTFOUND)' }),
    ).toMatchObject([{ found: 'wss://dead.example: DNS: the name dead.example is not found (ENOTFOUND)' }]);
  });
});

describe('relays whose names lead nowhere', () => {
  const named = (name: string) => ({ ...dead, url: `wss://${name}.example` });
  const unanswered = { step: 'DNS', why: 'no answer about its name (EAI_AGAIN)' } as const;
  const refused = { step: 'TCP', why: 'no connection (ECONNREFUSED)' } as const;

  it('are told once where none of several can be resolved: that is no fault of theirs', async () => {
    expect(await look([named('a'), named('b'), named('c')], unanswered)).toEqual([
      {
        state: 'fail',
        found:
          'no relay name can be resolved: no internet? DNS: no answer about its name (EAI_AGAIN): wss://a.example, wss://b.example, wss://c.example',
        nextStep: 'Check the internet connection and the DNS server that this machine asks.',
      },
    ]);
  });

  it('are told once beside relays that have no name to resolve', async () => {
    const local = { ...dead, url: 'ws://127.0.0.1:7777' };
    const works = relay({ url: 'ws://[::1]:7778' });
    const broken = (url: string) => (url === local.url ? refused : unanswered);
    const findings = await look([named('a'), local, works, named('b')], broken);
    expect(findings).toMatchObject([
      { state: 'warn', found: expect.stringMatching(/wss:\/\/a\.example, wss:\/\/b\.example$/) },
      { state: 'warn', found: 'ws://127.0.0.1:7777: TCP: no connection (ECONNREFUSED)' },
      { state: 'ok', found: expect.stringContaining('ws://[::1]:7778: connected') },
    ]);
  });

  it('are told one by one where another name was resolved, or there is no other', async () => {
    const broken = (url: string) => (url === 'wss://c.example' ? refused : unanswered);
    expect(await look([named('a'), named('b'), named('c')], broken)).toHaveLength(3);
    expect(await look([named('a'), named('b'), relay()], unanswered)).toHaveLength(3);
    expect(await look([named('a')], unanswered)).toMatchObject([
      { found: 'wss://a.example: DNS: no answer about its name (EAI_AGAIN)' },
    ]);
  });
});

describe(traceRelay, () => {
  let server: Server | null = null;
  afterEach(() => {
    server?.close();
    server = null;
  });
  async function listening(): Promise<string> {
    const made = createServer((socket) =>
      socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    server = made;
    await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
    const address = made.address();
    return `127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  it('finds the way open', async () => {
    expect(await traceRelay(`ws://${await listening()}`, createRealClock())).toBeNull();
  });

  it('ends at TLS where the other side speaks something else', async () => {
    expect(await traceRelay(`wss://${await listening()}`, createRealClock())).toMatchObject({ step: 'TLS' });
  });

  it('ends at TCP where nobody listens', async () => {
    expect(await traceRelay('ws://127.0.0.1:9', createRealClock())).toEqual({
      step: 'TCP',
      why: 'no connection (ECONNREFUSED)',
    });
  });

  it('ends at DNS where the name means nothing', async () => {
    expect(await traceRelay('wss://relay.invalid', createRealClock())).toMatchObject({ step: 'DNS' });
  });
});

describe(whenSettled, () => {
  it('gives a relay that is refused a second to be let in', async () => {
    const clock = createFakeClock();
    let now = relay({ state: 'auth_required', carries_dms: false, last_error: 'auth-required: who?' });
    const seen = whenSettled(clock, async () => [now]);
    await clock.advance(500);
    now = relay();
    await clock.advance(100);
    expect(await seen).toEqual([relay()]);
  });

  it('waits no longer than for the slowest relay that the daemon would take', async () => {
    const clock = createFakeClock();
    const connecting = relay({ state: 'connecting', carries_dms: false });
    const seen = whenSettled(clock, async () => [connecting]);
    await clock.advance(16_000);
    expect(await seen).toEqual([connecting]);
  });
});

describe(clockCheck, () => {
  const lookAt = async (...offsets: (number | null)[]): Promise<Finding> =>
    (await clockCheck({
      relays: async () => offsets.map((clock_offset_ms) => relay({ clock_offset_ms })),
    }).run()) as Finding;

  it.each<[number, string, RegExp]>([
    [900, 'ok', /within 1 s/],
    [-45_000, 'ok', /within 45 s/],
    [120_000, 'warn', /2 min behind/],
    [-3_600_000, 'fail', /60 min ahead of/],
  ])('%i ms is %s', async (offset, state, found) => {
    expect(await lookAt(offset)).toMatchObject({ state, found: expect.stringMatching(found) });
  });

  it('believes most of the relays, not the one whose own clock is wrong', async () => {
    expect(await lookAt(100, 7_200_000, -100)).toMatchObject({ state: 'ok' });
  });

  it('has nothing to go on where no relay told the time', async () => {
    expect(await lookAt(null, null)).toMatchObject({ state: 'skipped' });
  });
});

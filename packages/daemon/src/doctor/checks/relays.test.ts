import { createServer, type Server } from 'node:net';
import type { RelayDetails } from '@ocmesh/shared/contract';
import { aRelay, createFakeClock, createRealClock } from '@ocmesh/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { direct } from '../../adapters/nostr/proxy/dialer.ts';
import { loadConfig } from '../../config/load.ts';
import type { Finding } from '../check.ts';
import type { StoreFacts } from '../probes/facts.ts';
import { whenSettled } from '../probes/relay-probe.ts';
import { traceRelay } from '../probes/trace-relay.ts';
import { clockCheck } from './clock.ts';
import { relaysCheck } from './relays.ts';

const relay = (overrides: Partial<RelayDetails> = {}): RelayDetails =>
  aRelay({
    url: 'wss://relay.example',
    connected_since: null,
    clock_offset_ms: 0,
    round_trip_ms: 12.4,
    supported_nips: [1, 11],
    ...overrides,
  });
const dead = relay({ url: 'wss://dead.example', state: 'disconnected', carries_dms: false, last_error: 'x' });

interface Settings {
  readonly isOfLastRun?: boolean;
  readonly named?: string[];
  readonly choices?: StoreFacts['relayChoices'];
  readonly goesAroundProxy?: boolean;
}

type Broken = Awaited<ReturnType<typeof traceRelay>>;

async function check(
  relays: RelayDetails[],
  broken: Broken | ((url: string) => Broken) = null,
  { named, choices = [], isOfLastRun = false, goesAroundProxy = false }: Settings = {},
) {
  const facts = {
    relays: async () => relays,
    relaysAreOfLastRun: async () => isOfLastRun,
    goesAroundProxy: async () => goesAroundProxy,
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
  it('says how a relay responds', async () => {
    expect(await check([relay()])).toMatchObject([
      {
        state: 'ok',
        found: 'wss://relay.example: connected, responds in 12 ms; NIP-11 lists 2 NIPs; messages can be read',
      },
    ]);
  });

  it('names one that refuses all our dates, and fails if there is no other', async () => {
    const undated = relay({ dates: 'none' });
    const found = 'wss://relay.example: it refuses the date of everything we write, even one of now';
    expect(await check([undated, relay()])).toMatchObject([{ state: 'warn', found }, { state: 'ok' }]);
    expect(await check([undated, dead])).toMatchObject([{ state: 'fail', found }, { state: 'fail' }]);
    expect(await check([relay({ dates: 'fresh' })])).toMatchObject([{ state: 'ok' }]);
  });

  it('warns of one that fails next to another that works, and fails if none works', async () => {
    expect((await check([relay(), dead])).map(({ state }) => state)).toEqual(['ok', 'warn']);
    expect((await check([dead, dead])).map(({ state }) => state)).toEqual(['fail', 'fail']);
  });

  it.each<[string, Settings, string, string]>([
    [
      'the owner removed the last one',
      { choices: [{ url: 'wss://relay.example', wanted: false }] },
      'The relay list is empty: `ocmesh relays remove` removed the last one.',
      'While the daemon is running, `ocmesh relays add <url>` adds one.',
    ],
    [
      'the owner removed the last configured one',
      { named: ['wss://relay.example'], choices: [{ url: 'wss://relay.example', wanted: false }] },
      'The relay list is empty: `ocmesh relays remove` removed the last one.',
      'While the daemon is running, `ocmesh relays add <url>` adds one.',
    ],
    [
      'an empty list is configured',
      { named: [] },
      'The relay list is empty: the setting relays in --relay has no entries.',
      'Add one there. While the daemon is running, `ocmesh relays add <url>` adds one.',
    ],
    [
      'only the daemon knows why',
      {},
      'The relay list is empty.',
      'While the daemon is running, `ocmesh relays add <url>` adds one.',
    ],
  ])('fails without any relay, if %s', async (_, settings, found, nextStep) => {
    expect(await check([], null, settings)).toEqual([{ state: 'fail', found, nextStep }]);
  });

  it.each<[RelayDetails['state'], string | null, RegExp]>([
    ['auth_failed', 'auth-required: who?', /AUTH \(NIP-42\) failed: “auth-required: who\?”/],
    ['auth_required', null, /AUTH \(NIP-42\) failed$/],
    ['restricted', 'restricted: no', /serves only its members: “restricted: no”/],
    ['payment_required', 'pay', /requires payment: “pay”/],
    ['misbehaving', null, /forged/],
    ['connected', 'error: no', /does not let us read messages: “error: no”/],
    ['connected', null, /does not respond to our request for messages/],
    ['disconnected', 'the handshake has timed out', /WebSocket: did not open: “the handshake has timed out”/],
  ])('explains a relay that is %s (%s)', async (state, last_error, found) => {
    const [finding] = await check([relay({ state, carries_dms: false, last_error })]);
    expect(finding).toMatchObject({ state: 'fail', found: expect.stringMatching(found) });
  });

  it('says if it checked the relays of the last run instead of the default ones', async () => {
    expect(await check([relay()], null, { isOfLastRun: true })).toMatchObject([
      { state: 'skipped', found: expect.stringContaining('not the default ones') },
      { state: 'ok' },
    ]);
  });

  it('traces no relay around the proxy of the daemon', async () => {
    const never = (): never => {
      throw new Error('traced');
    };
    const lost = relay({ state: 'disconnected', carries_dms: false, last_error: 'the proxy is down' });
    const [found] = await check([lost], never, { goesAroundProxy: true });
    expect(found).toMatchObject({ state: 'fail', found: expect.stringContaining('the proxy is down') });
  });

  it('names the step at which connecting fails', async () => {
    expect(
      await check([dead], { step: 'DNS', why: 'the name dead.example is not found (ENOTFOUND)' }),
    ).toMatchObject([{ found: 'wss://dead.example: DNS: the name dead.example is not found (ENOTFOUND)' }]);
  });
});

describe('relays whose names cannot be resolved', () => {
  const named = (name: string) => ({ ...dead, url: `wss://${name}.example` });
  const unanswered = { step: 'DNS', why: 'no response from the DNS server (EAI_AGAIN)' } as const;
  const refused = { step: 'TCP', why: 'cannot connect (ECONNREFUSED)' } as const;

  it('are reported once if none of several can be resolved, which is not their fault', async () => {
    expect(await check([named('a'), named('b'), named('c')], unanswered)).toEqual([
      {
        state: 'fail',
        found:
          'no relay can be resolved (no internet?): DNS: no response from the DNS server (EAI_AGAIN): wss://a.example, wss://b.example, wss://c.example',
        nextStep: 'Check the internet connection and the DNS server of this machine.',
      },
    ]);
  });

  it('are reported once next to relays without a name to resolve', async () => {
    const local = { ...dead, url: 'ws://127.0.0.1:7777' };
    const works = relay({ url: 'ws://[::1]:7778' });
    const broken = (url: string) => (url === local.url ? refused : unanswered);
    const findings = await check([named('a'), local, works, named('b')], broken);
    expect(findings).toMatchObject([
      { state: 'warn', found: expect.stringMatching(/wss:\/\/a\.example, wss:\/\/b\.example$/) },
      { state: 'warn', found: 'ws://127.0.0.1:7777: TCP: cannot connect (ECONNREFUSED)' },
      { state: 'ok', found: expect.stringContaining('ws://[::1]:7778: connected') },
    ]);
  });

  it('are reported one by one if another name was resolved, or there is no other', async () => {
    const broken = (url: string) => (url === 'wss://c.example' ? refused : unanswered);
    expect(await check([named('a'), named('b'), named('c')], broken)).toHaveLength(3);
    expect(await check([named('a'), named('b'), relay()], unanswered)).toHaveLength(3);
    expect(await check([named('a')], unanswered)).toMatchObject([
      { found: 'wss://a.example: DNS: no response from the DNS server (EAI_AGAIN)' },
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

  it('returns null if the relay can be reached', async () => {
    expect(await traceRelay(`ws://${await listening()}`, createRealClock(), direct)).toBeNull();
  });

  it('fails at TLS if the other side does not speak it', async () => {
    expect(await traceRelay(`wss://${await listening()}`, createRealClock(), direct)).toMatchObject({
      step: 'TLS',
    });
  });

  it('fails at TCP if nobody listens', async () => {
    expect(await traceRelay('ws://127.0.0.1:9', createRealClock(), direct)).toEqual({
      step: 'TCP',
      why: 'cannot connect (ECONNREFUSED)',
    });
  });

  it('fails at DNS if the name does not exist', async () => {
    expect(await traceRelay('wss://relay.invalid', createRealClock(), direct)).toMatchObject({ step: 'DNS' });
  });
});

describe(whenSettled, () => {
  it('gives a relay that refuses us a second for AUTH', async () => {
    const clock = createFakeClock();
    let now = relay({ state: 'auth_required', carries_dms: false, last_error: 'auth-required: who?' });
    const settled = whenSettled(clock, async () => [now], direct);
    await clock.advance(500);
    now = relay();
    await clock.advance(100);
    expect(await settled).toEqual([relay()]);
  });

  it('waits no longer than for the slowest relay that the daemon would use', async () => {
    const clock = createFakeClock();
    const connecting = relay({ state: 'connecting', carries_dms: false });
    const settled = whenSettled(clock, async () => [connecting], direct);
    await clock.advance(16_000);
    expect(await settled).toEqual([connecting]);
  });
});

describe(clockCheck, () => {
  const checkOffsets = async (...offsets: (number | null)[]): Promise<Finding> =>
    (await clockCheck({
      relays: async () => offsets.map((clock_offset_ms) => relay({ clock_offset_ms })),
    }).run()) as Finding;

  it.each<[number, string, RegExp]>([
    [900, 'ok', /within 1 s/],
    [-45_000, 'ok', /within 45 s/],
    [120_000, 'warn', /2 min behind/],
    [-3_600_000, 'fail', /60 min ahead of/],
  ])('%i ms is %s', async (offset, state, found) => {
    expect(await checkOffsets(offset)).toMatchObject({ state, found: expect.stringMatching(found) });
  });

  it('believes the majority of relays, not one whose clock is wrong', async () => {
    expect(await checkOffsets(100, 7_200_000, -100)).toMatchObject({ state: 'ok' });
  });

  it('is skipped if no relay reported its time', async () => {
    expect(await checkOffsets(null, null)).toMatchObject({ state: 'skipped' });
  });
});

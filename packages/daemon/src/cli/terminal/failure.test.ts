import {
  type ErrorCode,
  errorCatalogue,
  OcmeshError,
  type Reason,
  type Status,
} from '@ocmesh/shared/contract';
import { aPeer, aPeerAlone, aRelay, aStatus } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { openCommandLineAt } from '../../../test/support/command-line.ts';
import { toFailure } from './failure.ts';

const restCall = /\b(GET|POST|PUT|PATCH|DELETE) \//;

test.each(Object.keys(errorCatalogue) as ErrorCode[])('the next step after %s is not a REST call', (code) => {
  const { message, hint } = toFailure(new OcmeshError(code)).body;
  expect(`${message} ${hint}`).not.toMatch(restCall);
});

test('the error of a program that sends says how the owner can send', () => {
  expect(toFailure(new OcmeshError('first_contact')).body.hint).toMatch(/terminal.*`ocmesh requests accept`/);
  expect(toFailure(new OcmeshError('loop_suspected')).body.hint).toMatch(/`ocmesh resume`/);
});

test.each([
  ['no_relay', '`ocmesh relays`'],
  ['no_dm_relay', '`ocmesh relays add`'],
  ['inbox_full', '`ocmesh read --from'],
] as const)('the next step of a daemon degraded by %s is a command', async (code, step) => {
  const reason: Reason = {
    code,
    message: 'What is wrong.',
    since: '2026-01-01T12:00:00.000Z',
    next_step: 'GET /relays; POST /messages/read.',
  };
  const { run } = await openCommandLineAt({
    getStatus: async () => aStatus({ degraded: true, reasons: [reason] }),
  });
  const { out, code: exitCode } = await run(['status']);
  expect(out).toContain('! What is wrong. ');
  expect(out).toContain(step);
  expect(out).not.toMatch(restCall);
  expect(exitCode).toBe(75);
  const { out: json } = await run(['status', '--json']);
  expect(JSON.parse(json).reasons[0].next_step).toContain(step);
});

test('the next step for an unreachable peer is a command too', async () => {
  const reachability = { state: 'no_relay', why: 'No relay.', next_step: 'GET /status shows why.' } as const;
  const { run } = await openCommandLineAt({
    listPeers: async () => ({ items: [aPeer()], next_cursor: null }),
    getPeer: async () => aPeerAlone({ reachability }),
  });
  for (const flags of [[], ['--json']])
    expect((await run(['peers', 'bob', ...flags])).out).toContain('No relay.');
  expect((await run(['peers', 'bob'])).out).toContain('`ocmesh status` shows');
});

test.each([
  [{ uptime_seconds: 5 }, /, starting: no relay is connected yet\n/],
  [{ uptime_seconds: 5000 }, /, no relay is connected now\n/],
  [{ request_count: 1 }, /requests {2}1 pending: `ocmesh requests`/],
  [{ relay_status: [aRelay()] }, /, healthy\n/],
  [{ degraded: true }, /, degraded\n/],
] as [Partial<Status>, RegExp][])('the state of a daemon with %j is shown', async (overrides, expected) => {
  const { run } = await openCommandLineAt({ getStatus: async () => aStatus(overrides) });
  expect((await run(['status'])).out).toMatch(expected);
});

import { aRelay, aStatus } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { healthOf } from './health.ts';

const since = '2026-01-01T12:00:00.000Z';
const degraded = (code: string) =>
  aStatus({ degraded: true, reasons: [{ code, message: 'Wrong.', since, next_step: 'Do.' } as never] });

test('says that the agent is off the mesh when it reaches nobody', () => {
  expect(healthOf(degraded('no_relay'), 'live').title).toBe('Not on the mesh');
  expect(healthOf(degraded('inbox_full'), 'live').title).toMatch(/needs you/);
});

test('a daemon that does not respond comes before what it said last', () => {
  expect(healthOf(aStatus(), 'lost')).toMatchObject({
    tone: 'bad',
    text: expect.stringContaining('`ocmesh start`'),
  });
});

test('a fresh daemon connects, then looks for others, then is on the mesh', () => {
  expect(healthOf(aStatus({ relay_status: [] }), 'live').title).toMatch(/Connecting/);
  const connected = { relay_status: [aRelay()] };
  const fresh = aStatus({ known_peer_count: 0, uptime_seconds: 5, ...connected });
  expect(healthOf(fresh, 'live').text).toMatch(/Looking for other agents/);
  expect(healthOf(aStatus(connected), 'live')).toMatchObject({ tone: 'good', title: 'On the mesh' });
});

import type { Owner } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { openCommandLineAt } from '../../../test/support/command-line.ts';

const none: Owner = {
  state: 'none',
  pubkey: null,
  npub: null,
  code: null,
  code_until: null,
  tries_left: null,
  quiet_hours: null,
  requests: [],
};
const unconfirmed: Owner = {
  ...none,
  state: 'unconfirmed',
  pubkey: 'ab'.repeat(32),
  npub: 'npub1phone',
  code: '482913',
  code_until: '2026-01-02T10:00:00.000Z',
  tries_left: 5,
};
const confirmed: Owner = {
  ...unconfirmed,
  state: 'confirmed',
  code: null,
  code_until: null,
  tries_left: null,
  quiet_hours: '22:00-07:00',
  requests: [{ number: 11, kind: 'in', pubkey: 'cd'.repeat(32), until: '2026-01-02T10:00:00.000Z' }],
};

const at = (owner: Owner) =>
  openCommandLineAt({
    getIdentity: async () => ({ pubkey: 'ef'.repeat(32), npub: 'npub1agent', name: null, features: [] }),
    getOwner: async () => owner,
    setOwner: async () => unconfirmed,
    removeOwner: async () => none,
  });
const changes = ({ calls }: Awaited<ReturnType<typeof at>>) =>
  calls.filter(([name]) => name === 'setOwner' || name === 'removeOwner');

test('shows the phone without changing it', async () => {
  const line = await at(confirmed);
  expect((await line.run(['owner'])).out).toMatch(
    /^npub1phone decides about requests\.\nquiet hours {2}22:00-07:00\nrequest 11 {2}a stranger wrote: cdcdcd.*, until /,
  );
  expect(JSON.parse((await line.run(['owner', '--json'])).out)).toEqual(confirmed);
  expect((await (await at(none)).run(['owner'])).out).toContain('`ocmesh owner <npub>` names one');
  const isVoid = await at({ ...unconfirmed, code: null, code_until: null, tries_left: null });
  expect((await isVoid.run(['owner'])).out).toContain('`ocmesh owner npub1phone` makes a new one');
  expect(changes(line)).toEqual([]);
});

test('names a phone, and shows the code and where to send it', async () => {
  const line = await at(none);
  const { out } = await line.run(['owner', 'npub1phone', '--quiet-hours', '23:00-06:30']);
  expect(out).toContain('  482 913\n');
  expect(out).toContain('npub1agent:\n');
  expect(changes(line)).toEqual([['setOwner', { pubkey: 'npub1phone', quiet_hours: '23:00-06:30' }]]);
});

test('ends the quiet hours, and removes the phone', async () => {
  const line = await at(confirmed);
  await line.run(['owner', '--quiet-hours', 'off']);
  expect((await line.run(['owner', 'remove'])).out).toContain('No phone is named.');
  expect(changes(line)).toEqual([
    ['setOwner', { quiet_hours: null }],
    ['removeOwner', {}],
  ]);
});

test('says what quiet hours look like', async () => {
  const { err, code } = await (await at(none)).run(['owner', '--quiet-hours', '22-7']);
  expect(err).toContain('such as 22:00-07:00');
  expect(code).toBe(78);
});

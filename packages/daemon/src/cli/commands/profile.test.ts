import type { Profile } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { openCommandLineAt } from '../../../test/support/command-line.ts';

const atDaemon = (profile: Partial<Profile> = {}) => {
  const before: Profile = { name: 'Ann', about: null, capabilities: ['chat', 'weather'], ...profile };
  return openCommandLineAt({
    getProfile: async () => before,
    setProfile: async (change) => ({ ...before, ...change }),
  });
};
type CommandLine = Awaited<ReturnType<typeof atDaemon>>;
const changes = ({ calls }: CommandLine) =>
  calls.filter(([name]) => name === 'setProfile').map(([, change]) => change);

test('shows the profile without changing it', async () => {
  const line = await atDaemon();
  const shown = 'name          Ann\nabout         -\ncapabilities  chat, weather\n';
  expect((await line.run(['profile'])).out).toBe(shown);
  expect(JSON.parse((await line.run(['profile', '--json'])).out)).toMatchObject({
    capabilities: ['chat', 'weather'],
  });
  expect(changes(line)).toEqual([]);
});

test.each([
  [['--about', 'I know it.'], { about: 'I know it.' }],
  [['--about', ''], { about: null }],
  [['--add', 'a', 'b', '--add', 'c'], { capabilities: ['chat', 'weather', 'a', 'b', 'c'] }],
  [['--add', 'chat'], { capabilities: ['chat', 'weather'] }],
  [['--remove', 'chat'], { capabilities: ['weather'] }],
  [['--remove', 'chat', 'weather', '--add', 'a', '--about', 'New.'], { about: 'New.', capabilities: ['a'] }],
])('changes what the flags name: %j', async (flags, change) => {
  const line = await atDaemon();
  const { out, code } = await line.run(['profile', ...flags]);
  expect(changes(line)).toEqual([change]);
  expect(out).toContain(
    `capabilities  ${('capabilities' in change ? change.capabilities : ['chat', 'weather']).join(', ')}`,
  );
  expect(code).toBe(0);
});

const sixteen = Array.from({ length: 16 }, (_, n) => `c-${n}`);

test.each([
  [
    'no slug',
    {},
    ['--add', 'Météo, forecast!'],
    /Not a capability.*hyphens, at most 32 characters: meteo-forecast/s,
  ],
  ['nothing like a slug', {}, ['--add', '天気'], /at most 32 characters\.$/m],
  ['33 characters', {}, ['--add', 'a'.repeat(33)], /Not a capability/],
  ['a 17th', { capabilities: sixteen }, ['--add', 'more'], /at most 16 capabilities.*--remove/s],
  ['one that it does not have', {}, ['--remove', 'cooking'], /does not have cooking.*It has chat, weather/s],
  ['141 characters', {}, ['--about', 'x'.repeat(141)], /at most 140 characters, and this has 141/],
  ['two lines', {}, ['--about', 'a\nb'], /takes one line/],
])('refuses %s, and says what to do', async (_, profile, flags, said) => {
  const line = await atDaemon(profile);
  const { err, code } = await line.run(['profile', ...flags]);
  expect(err).toMatch(said);
  expect(code).toBe(78);
  expect(changes(line)).toEqual([]);
});

test('a 17th capability replaces another one in the same command', async () => {
  const line = await atDaemon({ capabilities: sixteen });
  await line.run(['profile', '--add', 'more', '--remove', 'c-0']);
  expect(changes(line)).toEqual([{ capabilities: [...sixteen.slice(1), 'more'] }]);
});

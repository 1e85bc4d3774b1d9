import { afterEach, expect, test, vi } from 'vitest';
import { agentHome, namedHome } from './agent-home.ts';

vi.mock('node:os', async (original) => {
  const real = await original<typeof import('node:os')>();
  const fail = (): never => {
    throw new Error('ENOENT');
  };
  const user = { home: '/home/alice' as string | null };
  return {
    ...real,
    user,
    homedir: () => process.env['HOME'] ?? user.home ?? fail(),
    userInfo: () => ({ homedir: user.home ?? fail() }),
  };
});
const { user } = (await import('node:os')) as unknown as { user: { home: string | null } };

afterEach(() => {
  vi.unstubAllEnvs();
  user.home = '/home/alice';
});

test.each([
  ['nothing', undefined, '/home/alice/.ocmesh'],
  ['HOME', '/data', '/data/.ocmesh'],
  ['an empty HOME, as if it were not set', '', '/home/alice/.ocmesh'],
])('without OCMESH_HOME and with %s', (_, home, path) => {
  vi.stubEnv('HOME', home);
  expect(agentHome({ env: {} })).toEqual({ path });
});

test.each([
  ['/data/agent', '/data/agent'],
  ['/data/agent/', '/data/agent'],
  ['agent', `${process.cwd()}/agent`],
  ['~', '/home/alice'],
  ['~/agent', '/home/alice/agent'],
  ['  ', '/home/alice/.ocmesh'],
  ['', '/home/alice/.ocmesh'],
])('OCMESH_HOME %j', (named, path) => {
  vi.stubEnv('HOME', undefined);
  expect(agentHome({ env: { OCMESH_HOME: named } })).toEqual({ path });
});

test.each(['~bob/agent', '$HOME/agent'])('never creates a folder called %s', (named) => {
  expect(namedHome('--home', named)).toEqual({ problem: expect.stringMatching(/^--home is .*only a shell/) });
});

test('a user without home directory, or with a relative one, gets a reason', () => {
  user.home = null;
  vi.stubEnv('HOME', undefined);
  expect(agentHome({ env: {} })).toEqual({
    problem: expect.stringContaining('no entry in the user database'),
  });
  expect(agentHome({ env: { OCMESH_HOME: '~/x' } })).toHaveProperty('problem');
  expect(agentHome({ env: { OCMESH_HOME: '/x' } })).toEqual({ path: '/x' });
  vi.stubEnv('HOME', 'relative');
  expect(agentHome({ env: {} })).toEqual({ problem: expect.stringContaining('not an absolute path') });
});

import { describe, expect, it } from 'vitest';
import { findNode, nodeProblem } from './node-path.ts';
import type { RunCommand } from './run-command.ts';

/** A machine with these versions of Node by path, and these links. */
function machine(versions: Record<string, string>, links: Record<string, string> = {}) {
  const environments: unknown[] = [];
  const run: RunCommand = async (program, _args, options) => {
    environments.push(options?.env);
    const version = versions[links[program] ?? program];
    if (version === undefined) return { code: 127, stdout: '', stderr: 'ENOENT' };
    return version === 'broken'
      ? { code: 1, stdout: '', stderr: 'Library not loaded' }
      : { code: 0, stdout: `${version}\n`, stderr: '' };
  };
  const realPath = (path: string): string | null => {
    const real = links[path] ?? path;
    return real in versions ? real : null;
  };
  return { run, realPath, environments };
}

describe('the Node of the service', () => {
  it('is the running one, by the path that stays across upgrades', async () => {
    const cellar = '/opt/homebrew/Cellar/node/24.1.0/bin/node';
    const { run, realPath } = machine(
      { [cellar]: '24.1.0', '/usr/local/bin/node': '22.1.0' },
      { '/opt/homebrew/bin/node': cellar },
    );
    expect(await findNode({ run, realPath, execPath: cellar })).toEqual({
      path: '/opt/homebrew/bin/node',
      warning: null,
    });
  });

  it('is the running one rather than others, if its path has no version', async () => {
    const { run, realPath } = machine({ '/opt/node/bin/node': '22.1.0', '/usr/bin/node': '24.0.0' });
    expect((await findNode({ run, realPath, execPath: '/opt/node/bin/node' })).path).toBe(
      '/opt/node/bin/node',
    );
  });

  it.each([
    '/home/a/.nvm/versions/node/v24.1.0/bin/node',
    '/home/a/.local/share/fnm/node-versions/v24.1.0/installation/bin/node',
    '/run/user/1000/fnm_multishells/1_2/bin/node',
    '/Users/a/.volta/tools/image/node/24.1.0/bin/node',
    '/home/a/.asdf/installs/nodejs/24.1.0/bin/node',
    '/home/a/.local/share/mise/installs/node/24.1.0/bin/node',
    '/home/a/n/versions/node/24.1.0/bin/node',
  ])('is not %s if there is a stable path', async (execPath) => {
    const { run, realPath } = machine({ [execPath]: '24.1.0', '/usr/bin/node': '20.19.0' });
    expect(await findNode({ run, realPath, execPath })).toEqual({ path: '/usr/bin/node', warning: null });
  });

  it('comes from a version manager only if there is no other, with a warning', async () => {
    const execPath = '/home/a/.nvm/versions/node/v24.1.0/bin/node';
    const { run, realPath } = machine({
      [execPath]: '24.1.0',
      '/usr/bin/node': '18.20.0',
      '/usr/local/bin/node': 'broken',
    });
    const { path, warning } = await findNode({ run, realPath, execPath });
    expect(path).toBe(execPath);
    expect(warning).toContain('Run the installer again');
  });

  it('is run with an empty environment, as a service manager does', async () => {
    const { run, realPath, environments } = machine({ '/usr/bin/node': '22.1.0' });
    await findNode({ run, realPath, execPath: '/usr/bin/node' });
    expect(environments).toEqual([{}]);
  });

  it('is the one that the owner chose, or none', async () => {
    const { run, realPath } = machine({ '/a/node': '22.1.0', '/b/node': '20.18.1', '/c/node': 'broken' });
    const find = (asked: string) => findNode({ run, realPath, execPath: '/a/node', asked });
    expect((await find('/a/node')).path).toBe('/a/node');
    await expect(find('/b/node')).rejects.toThrow('version 20.18.1, but at least 20.19 is needed');
    await expect(find('/c/node')).rejects.toThrow('it does not run');
    await expect(find('/d/node')).rejects.toThrow('it does not exist');
    await expect(find('node')).rejects.toThrow('not an absolute path');
  });
});

it('distinguishes a Node without its libraries from a missing one', async () => {
  const { run } = machine({ '/old': 'broken' });
  expect(await nodeProblem(run, '/old')).toBe('it does not run');
  expect(await nodeProblem(run, '/gone')).toBe('it does not exist');
});

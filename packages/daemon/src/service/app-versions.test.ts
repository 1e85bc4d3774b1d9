import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { createAppVersions, isOlder } from './app-versions.ts';

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-app-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Creates a build of the program. @returns its files */
function build(content: string): string[] {
  const folder = newFolder();
  return ['ocmesh.mjs', 'chunk.mjs'].map((name) => {
    writeFileSync(join(folder, name), `${name} ${content}`);
    return join(folder, name);
  });
}

describe('installed versions', () => {
  it('are in folders side by side, with a link to the one in use', () => {
    const folder = join(newFolder(), 'app');
    const versions = createAppVersions(folder);
    expect(versions.current()).toBeNull();
    versions.select(versions.place(build('one'), '1.0.0'));
    versions.select(versions.place(build('two'), '2.0.0'));
    expect(versions.current()).toBe('2.0.0');
    expect(readFileSync(join(folder, 'current/ocmesh.mjs'), 'utf8')).toBe('ocmesh.mjs two');
    expect(readFileSync(join(folder, '1.0.0/chunk.mjs'), 'utf8')).toBe('chunk.mjs one');
  });

  it('never change: another build of the same version gets its own folder', () => {
    const folder = join(newFolder(), 'app');
    const versions = createAppVersions(folder);
    expect(versions.place(build('one'), '1.0.0')).toBe('1.0.0');
    const other = versions.place(build('other'), '1.0.0');
    expect(other).toMatch(/^1\.0\.0\+[0-9a-f]{8}$/);
    expect(readFileSync(join(folder, '1.0.0/ocmesh.mjs'), 'utf8')).toBe('ocmesh.mjs one');
    expect(versions.place(build('one'), '1.0.0')).toBe('1.0.0');
    expect(versions.place(build('other'), '1.0.0')).toBe(other);
  });

  it('can be installed from their own folder', () => {
    const folder = join(newFolder(), 'app');
    const versions = createAppVersions(folder);
    const name = versions.place(build('one'), '1.0.0');
    const own = readdirSync(join(folder, name)).map((file) => join(folder, name, file));
    expect(versions.place(own, '1.0.0')).toBe(name);
  });

  it('are removed when no longer needed, other files are not', () => {
    const folder = join(newFolder(), 'app');
    const versions = createAppVersions(folder);
    for (const version of ['1.0.0', '2.0.0', '3.0.0'])
      versions.select(versions.place(build(version), version));
    writeFileSync(join(folder, 'service.err.log'), '');
    versions.keepOnly(['3.0.0', '2.0.0', null]);
    expect(readdirSync(folder).sort()).toEqual(['2.0.0', '3.0.0', 'current', 'service.err.log']);
  });
});

test.each([
  ['0.3.0', '0.4.0', true],
  ['0.4.0', '0.3.0', false],
  ['0.9.0', '0.10.0', true],
  ['1.0.0', '1.0.0', false],
  ['1.0.0', '1.0.0+1a2b3c4d', false],
  ['1.0.0+1a2b3c4d', '1.0.0', false],
  ['1.0.0-beta.2', '1.0.0', true],
  ['1.0.0', '1.0.0-beta.2', false],
  ['1.0.0-beta.2', '1.0.0-beta.10', true],
])('%s is older than %s: %s', (one, other, answer) => {
  expect(isOlder(one, other)).toBe(answer);
});

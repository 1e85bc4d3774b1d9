import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { realFiles } from './files.ts';

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-files-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('files', () => {
  it('are written at any position, synced, and read back', async () => {
    const folder = createFolder();
    const path = join(folder, 'a');
    const file = realFiles.create(path);
    file.write(Buffer.from('world'), 6);
    file.write(Buffer.from('hello '), 0);
    await file.datasync();
    await file.sync();
    await realFiles.syncFolder(folder);
    file.close();
    expect(Buffer.from(realFiles.read(path) ?? []).toString()).toBe('hello world');
  });

  it('are for the owner only, and never created over others', () => {
    const folder = createFolder();
    const path = join(folder, 'a');
    realFiles.create(path).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(() => realFiles.create(path)).toThrow(/EEXIST/);
  });

  it('are never read through a symbolic link', () => {
    const folder = createFolder();
    writeFileSync(join(folder, 'a'), 'text');
    symlinkSync(join(folder, 'a'), join(folder, 'link'));
    expect(() => realFiles.read(join(folder, 'link'))).toThrow(/ELOOP/);
  });

  it('are null if missing, and removed without an error', () => {
    const path = join(createFolder(), 'a');
    expect(realFiles.read(path)).toBeNull();
    expect(() => realFiles.remove(path)).not.toThrow();
  });

  it('are renamed and linked', () => {
    const folder = createFolder();
    const at = (name: string): string => join(folder, name);
    writeFileSync(at('a'), 'text');
    realFiles.link(at('a'), at('b'));
    realFiles.rename(at('a'), at('c'));
    expect(readdirSync(folder).sort()).toEqual(['b', 'c']);
    expect(realFiles.list(folder).sort()).toEqual(['b', 'c']);
    expect(readFileSync(at('b'), 'utf8')).toBe('text');
    realFiles.remove(at('b'));
    expect(realFiles.list(folder)).toEqual(['c']);
  });
});

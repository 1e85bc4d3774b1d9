import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ocmeshProgram } from './support/programs.ts';
import { run } from './support/run.mjs';

const root = join(import.meta.dirname, '..');
const env = { PATH: process.env['PATH'] ?? '', HOME: tmpdir() };
const scripts = ['scripts/install.sh', 'scripts/uninstall.sh'].map((name) => join(root, name));

/** Whether a program runs here; logs if not. */
function isHere(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    console.log(`skipped: ${[program, ...args].join(' ')} does not run here`);
    return false;
  }
}

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'oc-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe.runIf(process.platform === 'linux')('without a service manager', () => {
  /** As where `systemctl` does not exist. */
  async function ocmesh(home: string, ...args: string[]) {
    const bin = join(place, 'bin');
    if (!existsSync(bin)) {
      mkdirSync(bin);
      symlinkSync('/bin/uname', join(bin, 'uname'));
    }
    const bare = { PATH: bin, HOME: join(place, 'user'), OCMESH_HOME: join(place, home) };
    return run(process.execPath, [ocmeshProgram, ...args], bare);
  }

  it('the command reports that there is no service, and prints the unit', async () => {
    expect(await ocmesh('none', 'service', 'status')).toEqual({
      code: 1,
      text: 'No service: There is no systemd on this machine.\nNo daemon is running. `ocmesh start` runs one in the foreground.\n',
    });
    const { code, text } = await ocmesh('none', 'service', 'status', '--json');
    expect([code, JSON.parse(text)]).toEqual([1, expect.objectContaining({ installed: false, url: null })]);
    const printed = await ocmesh('none', 'service', 'print', '--node', process.execPath);
    expect(printed).toEqual({ code: 0, text: expect.stringContaining('[Service]') });
  });

  it('uninstall removes only the home, and only with --purge', async () => {
    const home = join(place, 'left');
    mkdirSync(home);
    writeFileSync(join(home, 'keystore.json'), '{}');
    const kept = await ocmesh('left', 'service', 'uninstall');
    expect(kept).toEqual({
      code: 0,
      text: expect.stringContaining(`Identity and messages stay in ${home}.`),
    });
    expect(existsSync(home)).toBe(true);
    const purged = await ocmesh('left', 'service', 'uninstall', '--purge', '--yes');
    expect(purged).toEqual({ code: 0, text: expect.stringContaining(`${home} is removed.`) });
    expect(existsSync(home)).toBe(false);
  });

  it('a service of another session is not removed, nor is its home', async () => {
    const home = join(place, 'kept');
    mkdirSync(home);
    writeFileSync(join(home, 'keystore.json'), '{}');
    const unit = join(place, 'user/.config/systemd/user/ocmesh.service');
    mkdirSync(dirname(unit), { recursive: true });
    writeFileSync(unit, '');
    const { code, text } = await ocmesh('kept', 'service', 'uninstall', '--purge', '--yes');
    expect([code, text]).toEqual([78, expect.stringContaining('Nothing was changed.')]);
    expect(existsSync(home)).toBe(true);
  });
});

describe('the installer scripts', () => {
  it.each(['dash', 'bash', 'sh', 'busybox sh', 'mksh'])('are read by %s', async (shell) => {
    const [program = '', ...args] = shell.split(' ');
    if (!isHere(program, ...args, '-c', ':')) return;
    for (const script of scripts)
      expect(await run(program, [...args, '-n', script], env)).toEqual({ code: 0, text: '' });
  });

  it.skipIf(!isHere('shellcheck', '--version'))('pass shellcheck', async () => {
    expect(await run('shellcheck', scripts, env)).toEqual({ code: 0, text: '' });
  });

  it('use no sudo and refuse it', async () => {
    for (const script of scripts) {
      const code = readFileSync(script, 'utf8').replace(/^\s*(#|say ).*$/gm, '');
      expect(code).not.toMatch(/\bsudo\b/);
    }
    if (process.getuid?.() !== 0) return;
    const refused = await run('sh', [scripts[0] ?? ''], { ...env, SUDO_USER: 'somebody' });
    expect(refused).toMatchObject({ code: 78, text: expect.stringContaining('without sudo') });
  });

  it('explain what to do without Node', async () => {
    const bare = join(place, 'bare');
    mkdirSync(bare);
    for (const tool of ['dirname', 'id', 'uname']) {
      const path = execFileSync('sh', ['-c', `command -v ${tool}`])
        .toString()
        .trim();
      writeFileSync(join(bare, tool), `#!/bin/sh\nexec ${path} "$@"\n`, { mode: 0o755 });
    }
    const { code, text } = await run('/bin/sh', [scripts[1] ?? ''], { PATH: bare, HOME: place });
    expect(code).toBe(78);
    expect(text).toContain('remove the service by hand');
  });
});

describe('a machine without launchd and systemd', () => {
  it.each([
    ['another system', 'echo FreeBSD', 'no launchd and no systemd on FreeBSD'],
    ['no user manager', 'echo Linux', 'systemd'],
  ])('suggests running in the foreground: %s', async (name, uname, why) => {
    const bin = join(place, name);
    mkdirSync(bin);
    writeFileSync(join(bin, 'uname'), `#!/bin/sh\n${uname}\n`, { mode: 0o755 });
    const { code, text } = await run(process.execPath, [ocmeshProgram, 'service', 'install'], {
      PATH: `${bin}:/nowhere`,
      HOME: place,
    });
    expect(code).toBe(78);
    expect(text).toContain(why);
    expect(text).toMatch(/in the foreground.*: node .*ocmesh\.mjs start/);
    expect(existsSync(join(place, '.ocmesh'))).toBe(false);
    const uninstall = await run(process.execPath, [ocmeshProgram, 'service', 'uninstall'], {
      PATH: `${bin}:/nowhere`,
      HOME: place,
    });
    expect(uninstall.code).toBe(0);
    expect(uninstall.text).toContain(why);
    expect(uninstall.text).toContain('There is no service to remove');
    expect(uninstall.text).not.toContain('foreground');
  });
});

describe('the plist', () => {
  it.skipIf(!isHere('xmllint', '--version'))('is a valid property list for any home', async () => {
    for (const name of ['plain', `space & < > ' "`, '漢 é %h $HOME']) {
      const home = join(place, name);
      const args = [ocmeshProgram, 'service', 'print', '--for', 'launchd'];
      const { text } = await run(process.execPath, args, { ...env, OCMESH_HOME: home });
      const path = join(place, 'printed.plist');
      writeFileSync(path, text);
      const grammar = join(import.meta.dirname, 'support/property-list.dtd');
      const lint = (file: string) => run('xmllint', ['--noout', '--nonet', '--dtdvalid', grammar, file], env);
      expect(await lint(path)).toMatchObject({ code: 0 });
      // The judge is one that can say no.
      writeFileSync(path, text.replace('<key>Label</key>', ''));
      expect((await lint(path)).code).not.toBe(0);
    }
  });
});

describe('the assembled skill', () => {
  let skill: string;
  beforeAll(async () => {
    skill = join(place, 'ocmesh');
    const { code, text } = await run(process.execPath, [join(root, 'scripts/skill.mjs'), skill], env);
    if (code !== 0) throw new Error(text);
  });

  it('is made in a deep new folder, takes the place of an older one, and leaves alone what is beside it', async () => {
    const [command = ''] =
      /^npm run -s skill -- .*$/m.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
    const [, home, folder = ''] = /-- (~)\/(\S+)$/.exec(command) ?? [];
    expect(home, 'the command in the README').toBe('~');
    const there = join(place, 'new home', folder);
    const assemble = () => run(process.execPath, [join(root, 'scripts/skill.mjs'), there], env);
    expect(await assemble()).toMatchObject({ code: 0, text: expect.stringContaining(there) });
    writeFileSync(join(there, 'app/of-an-older-version.mjs'), '');
    writeFileSync(join(there, 'notes.txt'), 'mine');
    expect(await assemble()).toMatchObject({ code: 0 });
    expect(readdirSync(there).sort()).toEqual([...readdirSync(skill), 'notes.txt'].sort());
    expect(readdirSync(join(there, 'app')).sort()).toEqual(readdirSync(join(skill, 'app')).sort());
  });

  it.each([
    ['a folder of something else', (at: string) => writeFileSync(join(at, 'thesis.txt'), 'years of work')],
    ['another skill', (at: string) => writeFileSync(join(at, 'SKILL.md'), '---\nname: weather\n---\n')],
    ['the source of this one', (at: string) => cpSync(join(root, 'skill'), at, { recursive: true })],
  ])('is not made over %s', async (name, fill) => {
    const there = join(place, name);
    mkdirSync(there);
    fill(there);
    const before = readdirSync(there);
    const { code, text } = await run(process.execPath, [join(root, 'scripts/skill.mjs'), there], env);
    expect(code).toBe(78);
    expect(text).toContain('nothing was changed');
    expect(readdirSync(there)).toEqual(before);
  });

  it('is complete, and contains no links', () => {
    for (const path of [
      'SKILL.md',
      'references/api.md',
      'references/http.md',
      'references/install.md',
      'references/tools.md',
      'scripts/install.sh',
      'scripts/uninstall.sh',
      'app/ocmesh.mjs',
      'app/ocmesh-mcp.mjs',
    ])
      expect(existsSync(join(skill, path)), path).toBe(true);
    for (const path of readdirSync(skill, { recursive: true, encoding: 'utf8' }))
      expect(lstatSync(join(skill, path)).isSymbolicLink(), path).toBe(false);
    expect(readFileSync(join(skill, 'references/api.md'))).toEqual(readFileSync(join(root, 'docs/api.md')));
  });

  // The rules of skill-creator/scripts/quick_validate.py of openclaw/openclaw, and what its loader reads.
  it("follows OpenClaw's rules", () => {
    const text = readFileSync(join(skill, 'SKILL.md'), 'utf8');
    const lines = /^---\n([\s\S]*?)\n---\n/.exec(text)?.[1]?.split('\n') ?? [];
    const front = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const { name = '', description = '', metadata = '' } = front;
    for (const key of Object.keys(front))
      expect(['name', 'description', 'license', 'allowed-tools', 'metadata']).toContain(key);
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(name.length).toBeLessThanOrEqual(64);
    expect(description.length).toBeGreaterThan(0);
    expect(description.length).toBeLessThanOrEqual(1024);
    expect(description).not.toMatch(/[<>]|: /);
    const { openclaw } = JSON.parse(metadata);
    expect(openclaw.os).toEqual(['darwin', 'linux']);
    expect(openclaw.requires.bins).toEqual(['node']);
    expect(Buffer.byteLength(text)).toBeLessThan(256 * 1024);
  });

  const canBeAlone =
    process.platform === 'linux' && isHere('unshare', '--net', 'ip', 'link', 'set', 'lo', 'up');
  it.skipIf(!canBeAlone)('installs without repository, network or an existing home', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'oc-'));
    const script = join(import.meta.dirname, 'support/skill-alone.mjs');
    const inside = 'ip link set lo up && exec "$@"';
    const { text } = await run(
      'unshare',
      ['--net', 'sh', '-euc', inside, 'sh', process.execPath, script, skill, empty],
      env,
    );
    rmSync(empty, { recursive: true, force: true });
    const seen = JSON.parse(text);
    expect(seen.installed, text).toMatchObject({ code: 0 });
    expect(seen.hasNoNetwork).toBe(true);
    expect(seen.status).toMatchObject({ pubkey: expect.stringMatching(/^[0-9a-f]{64}$/), peer_count: 0 });
    expect(seen.mcp).toEqual({
      tools: expect.any(Number),
      text: expect.stringContaining(seen.status.npub),
    });
    expect(seen.uninstalled).toMatchObject({ code: 0 });
    expect(seen.dataStays).toBe(true);
  });
});

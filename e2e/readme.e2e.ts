import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createMesh, startPair } from './support/mesh.ts';
import { ocmeshProgram } from './support/programs.ts';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);

/** The lines of a document that match, with continued lines joined. */
const linesOf = (document: string, command: RegExp): string[] =>
  readFileSync(join(root, document), 'utf8')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => command.test(line));

/** Flags in place of what a person types at a prompt; `key import` replaces the home that `restore` created. */
function extraFlags(line: string, passphraseFile: string): string {
  if (/^ocmesh (reset|connect \w)/.test(line)) return '--yes';
  if (!/^ocmesh (backup|restore|key)/.test(line)) return '';
  const replace = line.includes('key import') ? ' --replace' : '';
  return `--passphrase-file ${passphraseFile}${replace}`;
}

describe('the commands of the documents', () => {
  it.each([
    { document: 'README.md', atLeast: 2, marks: 0 },
    { document: 'docs/rest.md', atLeast: 22, marks: 1 },
    { document: 'skill/references/http.md', atLeast: 7, marks: 1 },
  ])('every curl line of $document works as it is written', async ({ document, atLeast, marks }) => {
    const { alice, bob } = await startPair();
    await bob.api.sendMessage({ to: alice.pubkey, content: 'something to read' });
    const [received] = (await alice.api.waitForMessages({ timeout_s: 10 })).messages;

    const lines = linesOf(document, /^curl /);
    expect(lines.length).toBeGreaterThanOrEqual(atLeast);
    let marked = 0;
    for (const line of lines) {
      const command = line
        .replaceAll('http://127.0.0.1:7432', alice.url)
        .replaceAll('~/.ocmesh', alice.home)
        .replaceAll('<pubkey>', bob.pubkey)
        .replaceAll('<message id>', received?.id ?? '')
        .replace(/^curl /, 'curl --silent --show-error --fail-with-body ');
      if (line.includes('/events')) {
        // The stream stays open until curl gives up.
        const given = await run('bash', ['-c', command]).catch((error) => error);
        expect(given, line).toMatchObject({
          code: 28,
          stdout: expect.stringMatching(/^retry: \d+\n\nid: [0-9a-f]+:\d+\n\n/),
        });
        continue;
      }
      const { stdout } = await run('bash', ['-c', command]);
      if (line.endsWith('/metrics')) {
        expect(stdout, line).toMatch(/^ocmesh_degraded 0$/m);
        continue;
      }
      const response = JSON.parse(stdout);
      expect(response, line).toBeTypeOf('object');
      expect(response, line).not.toHaveProperty('error');
      marked += response.marked ?? 0;
    }
    expect(marked).toBe(marks);
  });

  it.each([
    { document: 'README.md', atLeast: 14 },
    { document: 'docs/data.md', atLeast: 6 },
  ])('every `ocmesh` line of $document works as it is written', async ({ document, atLeast }) => {
    const { mesh, alice, bob } = await startPair();
    await bob.api.sendMessage({ to: alice.pubkey, content: 'something to read' });
    await alice.api.waitForMessages({ timeout_s: 10 });
    const passphrase = join(mesh.place, 'passphrase');
    writeFileSync(passphrase, 'correct horse battery staple\n', { mode: 0o600 });

    const lines = linesOf(document, /^ocmesh .* # /);
    expect(lines.length).toBeGreaterThanOrEqual(atLeast);
    for (const line of lines) {
      // They go on until they are stopped.
      const goesOn = /^ocmesh (logs -f|watch)/.test(line);
      const program = `${goesOn ? 'timeout --signal INT 2 ' : ''}node ${ocmeshProgram}`;
      const flags = extraFlags(line, passphrase);
      const command = `ocmesh() { ${program} "$@" ${flags} < /dev/null; }; ${line}`;
      // Commands that create or move a home get another one.
      const home = /^ocmesh (restore|key import|reset)/.test(line) ? join(mesh.place, 'another') : alice.home;
      const env = { PATH: process.env['PATH'], HOME: mesh.place, OCMESH_HOME: home };
      const given = await run('bash', ['-c', command], { env, cwd: mesh.place }).catch((error) => error);
      // `timeout` itself ends with 124.
      expect([0, 124], `${line}\n${given.stderr}`).toContain(given.code ?? 0);
      // Nothing waits any more: an earlier line read it.
      if (!line.startsWith('ocmesh watch')) expect(given.stdout, line).not.toBe('');
    }
  });

  it('the quickstart shows discovery, handshake, message and reply, as the animation of the README does', async () => {
    const { stdout } = await run(process.execPath, [join(root, 'scripts/quickstart.mjs')], {
      timeout: 60_000,
    });
    const animation = readFileSync(join(root, 'docs/quickstart.svg'), 'utf8');
    for (const part of [
      'discovered each other; handshake acknowledged',
      'connected an MCP client over stdio',
      'send_message',
      'wait_for_message',
      'DELIVERED: bob',
      'Discovery, handshake, question and reply, end-to-end encrypted',
    ]) {
      expect(stdout).toContain(part);
      expect(animation, '`npm run cast` records it again').toContain(part);
    }
  });

  it('the animation of the quickstart needs nothing but itself', () => {
    const animation = readFileSync(join(root, 'docs/quickstart.svg'), 'utf8');
    expect(Buffer.byteLength(animation)).toBeLessThanOrEqual(60 * 1024);
    expect(animation).not.toMatch(/<script|<foreignObject|<image|href|@import|url\(|\bon\w+=/i);
    expect(animation).toContain('prefers-reduced-motion');
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain('(docs/quickstart.svg)');
  });

  it('the skill has the frontmatter that its hosts read', () => {
    const [, frontmatter = ''] =
      /^---\n(.*?)\n---\n/s.exec(readFileSync(join(root, 'skill/SKILL.md'), 'utf8')) ?? [];
    const [name, description = '', metadata = '', ...rest] = frontmatter.split('\n');
    expect(name).toBe('name: ocmesh');
    expect(description).toMatch(/^description: .{40,159}$/);
    expect(JSON.parse(metadata.replace(/^metadata: /, ''))).toHaveProperty('openclaw');
    expect(rest).toEqual([]);
  });

  it('the command runs from the checkout', async () => {
    const mesh = createMesh();
    const alice = await mesh.startAgent('alice', ['ws://127.0.0.1:9'], {});
    const env = { ...process.env, OCMESH_HOME: alice.home };
    const { stdout } = await run(process.execPath, [join(root, 'scripts/run.mjs'), 'ocmesh', 'status'], {
      env,
    });
    expect(stdout).toContain(alice.npub);
    const { stdout: version } = await run(
      process.execPath,
      [join(root, 'scripts/run.mjs'), 'ocmesh', 'version'],
      { env },
    );
    expect(version.trim()).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

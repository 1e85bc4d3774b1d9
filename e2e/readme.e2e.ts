import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createMesh, startPair } from './support/mesh.ts';
import { ocmeshProgram } from './support/programs.ts';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);

/** The lines of a document that look so, as they stand there. */
const linesOf = (document: string, command: RegExp): string[] =>
  readFileSync(join(root, document), 'utf8')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => command.test(line));

describe('the commands of the documents', () => {
  it.each(['README.md', 'skill/SKILL.md'])('every curl line of %s works as it stands', async (document) => {
    const { alice, bob } = await startPair();
    await bob.api.sendMessage({ to: alice.pubkey, content: 'something to read' });
    const [received] = (await alice.api.waitForMessages({ timeout_s: 10 })).messages;

    const lines = linesOf(document, /^curl /);
    expect(lines.length).toBeGreaterThan(3);
    let marked = 0;
    for (const line of lines) {
      const command = line
        .replaceAll('http://127.0.0.1:7432', alice.url)
        .replaceAll('<pubkey>', bob.pubkey)
        .replaceAll('<message id>', received?.id ?? '')
        .replace(/^curl /, 'curl --silent --show-error --fail-with-body ');
      if (line.includes('/events')) {
        // A stream goes on until curl has had enough.
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
      const answer = JSON.parse(stdout);
      expect(answer, line).toBeTypeOf('object');
      expect(answer, line).not.toHaveProperty('error');
      marked += answer.marked ?? 0;
    }
    expect(marked).toBe(1);
  });

  it('every `ocmesh` line of README.md works as it stands', async () => {
    const { alice, bob } = await startPair();
    await bob.api.sendMessage({ to: alice.pubkey, content: 'something to read' });
    await alice.api.waitForMessages({ timeout_s: 10 });

    const lines = linesOf('README.md', /^ocmesh .* # /);
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      // It follows the log until it is stopped.
      const program = `${line.includes('logs -f') ? 'timeout --signal INT 2 ' : ''}node ${ocmeshProgram}`;
      const command = `ocmesh() { ${program} "$@" < /dev/null; }; ${line}`;
      const env = { PATH: process.env['PATH'], OCMESH_HOME: alice.home };
      const given = await run('bash', ['-c', command], { env }).catch((error) => error);
      // `timeout` itself ends with 124.
      expect([0, 124], `${line}\n${given.stderr}`).toContain(given.code ?? 0);
      expect(given.stdout, line).not.toBe('');
    }
  });

  it('the quickstart ends well and shows discovery, handshake, message and answer', async () => {
    const { stdout } = await run(process.execPath, [join(root, 'scripts/quickstart.mjs')], {
      timeout: 60_000,
    });
    for (const part of [
      'discovered each other',
      'handshake acknowledged',
      'send_message',
      'wait_for_message',
      'delivered',
    ]) {
      expect(stdout).toContain(part);
    }
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

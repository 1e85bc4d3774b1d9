import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { createProcessMesh } from '@ocmesh/testkit';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);
const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
/** Without the hash, which npx does not know. */
const pnpmSpec = readJson(join(root, 'package.json')).packageManager.split('+')[0];

const place = mkdtempSync(join(tmpdir(), 'ocmesh-packages-'));
const tarballs = join(place, 'tarballs');
const tarball = (name: string): string =>
  join(tarballs, readdirSync(tarballs).find((file) => file.startsWith(`ocmesh-${name}-`)) ?? name);
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Packs what `npm publish` would send, with versions in place of `catalog:` and `workspace:`. */
beforeAll(async () => {
  mkdirSync(tarballs);
  const kept = ['testkit', 'simulator', 'page'].flatMap((name) => ['--filter', `!@ocmesh/${name}`]);
  const which = ['--recursive', '--filter', './packages/*', ...kept];
  const pnpm = ['--yes', '--prefer-offline', pnpmSpec];
  await run('npx', [...pnpm, ...which, 'pack', '--pack-destination', tarballs], { cwd: root });
});

describe('what npm would ship', () => {
  it('is every package but the private ones', () => {
    const shipped = readdirSync(join(root, 'packages')).filter(
      (name) => !readJson(join(root, 'packages', name, 'package.json')).private,
    );
    expect(readdirSync(tarballs)).toHaveLength(shipped.length);
    for (const name of shipped) expect(readFileSync(tarball(name)).length).toBeGreaterThan(1_000);
  });

  it.each(['client', 'daemon', 'mcp-server', 'relay', 'shared'])(
    'publint reports nothing for %s',
    async (name) => {
      const bytes = readFileSync(tarball(name));
      const { messages, pkg } = await publint({
        pack: { tarball: new Uint8Array(bytes).buffer },
        strict: true,
      });
      expect(messages.map((message) => formatMessage(message, pkg ?? {}))).toEqual([]);
    },
  );

  describe('the programs, installed into an empty folder without network', () => {
    const home = join(place, 'programs');
    const bin = (name: string): string => join(home, 'node_modules/.bin', name);

    beforeAll(async () => {
      mkdirSync(home);
      // An empty cache and a registry that nobody runs: what is not in the tarball is not there.
      const nothing = ['--offline', '--cache', join(place, 'cache'), '--registry', 'http://127.0.0.1:9'];
      const quiet = ['--no-audit', '--no-fund', '--loglevel', 'error'];
      const files = [tarball('daemon'), tarball('mcp-server')];
      await run('npm', ['install', '--prefix', home, ...nothing, ...quiet, ...files], { cwd: home });
    });

    it('have no dependencies and no install scripts', () => {
      const installed = readdirSync(join(home, 'node_modules')).filter((name) => !name.startsWith('.'));
      expect(installed).toEqual(['@ocmesh']);
      for (const name of ['daemon', 'mcp-server']) {
        const { dependencies, scripts } = readJson(join(home, 'node_modules/@ocmesh', name, 'package.json'));
        expect({ dependencies, scripts }).toEqual({});
      }
    });

    it('ocmesh prints its version', async () => {
      const { stdout } = await run(bin('ocmesh'), ['version']);
      expect(stdout).toBe(`${readJson(join(root, 'package.json')).version}\n`);
    });

    it('the daemon starts, and loads code on demand', async () => {
      const mesh = createProcessMesh(join(home, 'node_modules/@ocmesh/daemon/bundle/ocmesh.mjs'));
      try {
        const relay = await mesh.startRelay();
        const agent = await mesh.startAgent('packed', [relay.url]);
        expect(await agent.api.getStatus({})).toMatchObject({ pubkey: agent.pubkey });
        expect(await agent.api.getMetrics({})).toContain('\nocmesh_degraded 0\n');
        expect(await agent.api.getOpenApi({})).toEqual(readJson(join(root, 'docs/openapi.json')));
        expect(await agent.stop()).toBe(0);
      } finally {
        await mesh.close();
      }
    });

    it('the MCP server lists its tools', async () => {
      const client = new Client({ name: 'packed', version: '1' });
      await client.connect(
        new StdioClientTransport({
          command: bin('ocmesh-mcp'),
          env: { PATH: process.env['PATH'] ?? '', HOME: place },
        }),
      );
      expect(client.getServerVersion()).toMatchObject({ name: 'ocmesh' });
      expect((await client.listTools()).tools).toEqual(readJson(join(root, 'docs/tools.json')));
      await client.close();
    });
  });

  it('the libraries load, with nothing but the dependencies they name', async () => {
    const home = join(place, 'libraries');
    for (const name of ['shared', 'client', 'relay']) {
      const folder = join(home, 'node_modules/@ocmesh', name);
      mkdirSync(folder, { recursive: true });
      await run('tar', ['-xzf', tarball(name), '--strip-components=1', '-C', folder]);
      for (const dependency of Object.keys(readJson(join(folder, 'package.json')).dependencies)) {
        if (dependency.startsWith('@ocmesh/')) continue;
        const there = join(root, 'packages', name, 'node_modules', dependency);
        symlinkSync(there, join(home, 'node_modules', dependency));
      }
    }
    const script = `
      const { createClient } = await import('@ocmesh/client');
      const { startRelay } = await import('@ocmesh/relay');
      const { limits } = await import('@ocmesh/shared/contract');
      console.log(typeof createClient, typeof startRelay, limits.message.chars);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: home });
    expect(stdout).toBe('function function 4096\n');
  });
});

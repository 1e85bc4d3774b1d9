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

  it.each(['client', 'daemon', 'mcp-server', 'openclaw', 'relay', 'shared'])(
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
      const files = [tarball('daemon'), tarball('mcp-server'), tarball('openclaw')];
      await run('npm', ['install', '--prefix', home, ...nothing, ...quiet, ...files], { cwd: home });
    });

    it('have no dependencies and no install scripts', () => {
      const installed = readdirSync(join(home, 'node_modules')).filter((name) => !name.startsWith('.'));
      expect(installed).toEqual(['@ocmesh']);
      for (const name of ['daemon', 'mcp-server', 'openclaw']) {
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

  describe('the plugins', () => {
    const tools: { name: string; inputSchema: unknown }[] = readJson(join(root, 'docs/tools.json'));
    const home = join(place, 'programs/node_modules/@ocmesh/openclaw');
    const plugins = join(place, 'plugins');
    beforeAll(() => run(process.execPath, [join(root, 'scripts/plugins.mjs'), plugins]));

    it('OpenClaw declares the tools that it registers, and those of the MCP server', async () => {
      const declared = readJson(join(home, 'openclaw.plugin.json'));
      expect(declared.contracts.tools).toEqual(tools.map(({ name }) => `ocmesh__${name}`));
      const entry = join(home, readJson(join(home, 'package.json')).openclaw.extensions[0]);
      const script = `
        const { default: plugin } = await import(${JSON.stringify(entry)});
        const registered = [];
        const api = { registrationMode: 'tool-discovery', registerTool: (tool) => registered.push(tool), logger: console };
        plugin.register(api);
        const down = await registered.find(({ name }) => name.endsWith('get_status')).execute('1', {}).catch(String);
        console.log(JSON.stringify({ id: plugin.id, registered, down }));`;
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
        env: { PATH: process.env['PATH'], HOME: place },
      });
      const { id, registered, down } = JSON.parse(stdout);
      expect(id).toBe(declared.id);
      expect(registered.map(({ parameters }: { parameters: unknown }) => parameters)).toEqual(
        tools.map(({ inputSchema }) => inputSchema),
      );
      expect(down).toContain('daemon_down');
    });

    it.each([
      ['openclaw', () => home],
      ['claude-code', () => join(plugins, 'claude-code')],
      ['agent-plugins', () => join(plugins, 'agent-plugins')],
    ])('%s has the whole skill, with programs that run', async (_, folder) => {
      const skill = join(folder(), 'skills/ocmesh');
      expect(readFileSync(join(skill, 'SKILL.md'))).toEqual(readFileSync(join(root, 'skill/SKILL.md')));
      expect(readFileSync(join(skill, 'scripts/install.sh'), 'utf8')).toContain('service install');
      const { stdout } = await run(process.execPath, [join(skill, 'app/ocmesh.mjs'), 'version']);
      expect(stdout).toBe(`${readJson(join(root, 'package.json')).version}\n`);
    });

    it.each([
      ['claude-code', '.mcp.json', 'CLAUDE_PLUGIN_ROOT'],
      ['agent-plugins', 'mcp.json', 'PLUGIN_ROOT'],
    ])('%s starts an MCP server that lists the tools', async (name, file, variable) => {
      const folder = join(plugins, name);
      const { command, args } = readJson(join(folder, file)).mcpServers.ocmesh;
      const client = new Client({ name: 'plugin', version: '1' });
      await client.connect(
        new StdioClientTransport({
          command,
          args: args.map((arg: string) => arg.replace(`\${${variable}}`, folder)),
          env: { PATH: process.env['PATH'] ?? '', HOME: place },
        }),
      );
      expect((await client.listTools()).tools).toEqual(tools);
      await client.close();
    });

    it('the hook of Claude Code waits with a shell that knows the folder of the plugin', async () => {
      const folder = join(plugins, 'claude-code');
      const [{ hooks }] = readJson(join(folder, 'hooks/hooks.json')).hooks.Stop;
      expect(hooks).toEqual([expect.objectContaining({ type: 'command', asyncRewake: true })]);
      const env = { PATH: process.env['PATH'], HOME: place, CLAUDE_PLUGIN_ROOT: folder };
      const { stdout } = await run('sh', ['-c', `${hooks[0].command} --help`], { env });
      expect(stdout).toContain('Usage: ocmesh watch');
    });

    it('are not written over something else', async () => {
      const failed = await run(process.execPath, [join(root, 'scripts/plugins.mjs'), root]).catch(
        (error) => error,
      );
      expect([failed.code, failed.stderr]).toEqual([78, expect.stringContaining('nothing was changed')]);
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

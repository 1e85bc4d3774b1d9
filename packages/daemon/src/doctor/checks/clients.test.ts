import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createFakeClock } from '@ocmesh/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Finding } from '../check.ts';
import { clientsCheck } from './clients.ts';

let place: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'ocmesh-clients-'));
});

afterEach(() => rmSync(place, { recursive: true }));

const node = process.execPath;

async function runWith(files: Record<string, unknown>, env: Record<string, string> = {}): Promise<Finding[]> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(place, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
  const check = clientsCheck({
    machine: {
      run: async () => ({ code: 127, stdout: '', stderr: '' }),
      clock: createFakeClock(),
      env: { PATH: dirname(node), ...env },
      userHome: join(place, 'user'),
      uid: 501,
    },
    workingFolder: join(place, 'project'),
    platform: 'linux',
  });
  return [await check.run()].flat();
}

const whole = { mcpServers: { ocmesh: { command: 'node', args: [node] } } };

describe(clientsCheck, () => {
  it.each([
    ['user/.openclaw/openclaw.json', { mcp: { servers: { mesh: { command: node, args: ['ocmesh'] } } } }],
    ['user/.claude.json', { projects: { '/p': { mcpServers: whole.mcpServers } } }],
    ['project/.mcp.json', whole],
    ['user/.config/Claude/claude_desktop_config.json', whole],
    ['user/.cursor/mcp.json', whole],
    ['project/.vscode/mcp.json', { servers: { ocmesh: { type: 'stdio', command: 'node' } } }],
  ])('finds ocmesh in %s', async (name, content) => {
    expect(await runWith({ [name]: content })).toMatchObject([
      { state: 'ok', found: expect.stringContaining(join(place, name)) },
    ]);
  });

  it('is skipped if no client mentions ocmesh, even in a broken file', async () => {
    const findings = await runWith({ 'user/.cursor/mcp.json': '{"mcpServers": {', 'user/.claude.json': {} });
    expect(findings).toMatchObject([{ state: 'skipped' }]);
  });

  it('reports a file that its client cannot read', async () => {
    const findings = await runWith({ 'user/.cursor/mcp.json': '{"mcpServers": {"ocmesh": {},}}' });
    expect(findings).toMatchObject([{ state: 'fail', found: expect.stringContaining('not valid JSON') }]);
  });

  it('reads comments and trailing commas if the client does, and leaves quoted text alone', async () => {
    const text = `{ // ours\n "mcp": {"servers": {"ocmesh": {"command": "${node}", /* , */ "args": ["https://x,]"],},}}}`;
    expect(await runWith({ 'user/.openclaw/openclaw.json': text })).toMatchObject([{ state: 'ok' }]);
  });

  it('only warns of a file that the client may be able to read', async () => {
    const findings = await runWith({
      'user/.openclaw/openclaw.json': "{mcp: {servers: {ocmesh: {command: 'x'}}}}",
    });
    expect(findings).toMatchObject([{ state: 'warn' }]);
  });

  it.each([
    ['a command that is not on the PATH', { command: 'ocmesh-is-not-here' }, 'ocmesh-is-not-here'],
    ['a command that is gone', { command: '/gone/node', args: ['ocmesh'] }, '/gone/node'],
    ['a program that is gone', { command: 'node', args: ['/gone/ocmesh.mjs', 'mcp'] }, '/gone/ocmesh.mjs'],
  ])('reports %s', async (_, ocmesh, missing) => {
    expect(await runWith({ 'project/.mcp.json': { mcpServers: { ocmesh } } })).toMatchObject([
      { state: 'fail', found: expect.stringContaining(`ocmesh starts ${missing}, which does not exist`) },
    ]);
  });

  it('accepts variables, which only the client can resolve', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as written in the file
    const ocmesh = { command: '${HOME}/bin/ocmesh', args: ['%APPDATA%\\x'] };
    expect(await runWith({ 'project/.mcp.json': { mcpServers: { ocmesh } } })).toMatchObject([
      { state: 'ok' },
    ]);
  });

  it('says which home a client uses', async () => {
    const ocmesh = { command: 'node', env: { OCMESH_HOME: '/other' } };
    expect(await runWith({ 'project/.mcp.json': { mcpServers: { ocmesh } } })).toMatchObject([
      { state: 'ok', found: expect.stringContaining('ocmesh, for the home /other') },
    ]);
  });

  it('finds OpenClaw’s settings in its configured folder', async () => {
    const config = { mcp: { servers: { ocmesh: { command: '/gone' } } } };
    const findings = await runWith(
      { 'state/openclaw.json': config },
      { OPENCLAW_STATE_DIR: join(place, 'state') },
    );
    expect(findings).toMatchObject([{ state: 'fail' }]);
  });
});

import { execFile } from 'node:child_process';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it } from 'vitest';
import { createMesh } from './support/mesh.ts';
import { mcpProgram, ocmeshProgram } from './support/programs.ts';

const run = promisify(execFile);

/** Starts an agent with this `api_auth`, and the clients of its owner. */
async function startAgentWithAuth(auth: 'none' | 'token') {
  const mesh = createMesh();
  const agent = await mesh.startAgent('alice', ['ws://127.0.0.1:9'], { OCMESH_API_AUTH: auth });
  const env = { PATH: process.env['PATH'] ?? '', HOME: agent.home, OCMESH_HOME: agent.home };
  const tokenFile = join(agent.home, 'token');
  return {
    agent,
    tokenFile,
    token: () => readFileSync(tokenFile, 'utf8').trim(),
    async call(path: string, headers: Record<string, string> = {}, init: RequestInit = {}) {
      const response = await fetch(`${agent.url}${path}`, { ...init, headers });
      const { error } = (await response.json()) as { error?: string };
      return error ?? response.status;
    },
    /** Without a relay the daemon is degraded, so the command exits with 75. */
    status: () =>
      run(process.execPath, [ocmeshProgram, 'status', '--json'], { env }).catch(
        (error) => error as { stdout: string },
      ),
    async callTool(name: string) {
      const client = new Client({ name: 'e2e', version: '1.0.0' });
      await client.connect(new StdioClientTransport({ command: process.execPath, args: [mcpProgram], env }));
      try {
        return (await client.callTool({ name, arguments: {} })).isError === true;
      } finally {
        await client.close();
      }
    },
  };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('the token', () => {
  it('is required for every call if the owner configured it, and our clients send it', async () => {
    const { agent, token, call, status, callTool } = await startAgentWithAuth('token');
    expect(await call('/identity')).toBe('token_required');
    expect(await call('/healthz')).toBe(200);
    expect(await call('/identity', bearer('x'.repeat(43)))).toBe('token_wrong');
    expect(await call('/identity', bearer(token()))).toBe(200);
    expect(JSON.parse((await status()).stdout)).toMatchObject({ pubkey: agent.pubkey });
    expect(await callTool('get_status')).toBe(false);
    expect(agent.output()).not.toContain(token());
  });

  it('changes without a restart', async () => {
    const { tokenFile, token, call, status } = await startAgentWithAuth('token');
    const first = token();
    writeFileSync(tokenFile, 'n'.repeat(43));
    expect(await call('/identity', bearer(first))).toBe('token_wrong');
    expect(await call('/identity', bearer(token()))).toBe(200);
    rmSync(tokenFile);
    expect(await call('/identity')).toBe('token_required');
    expect(token()).not.toBe(first);
    expect((await status()).stdout).toContain('pubkey');
    chmodSync(tokenFile, 0o644);
    expect(await call('/identity', bearer(token()))).toBe('token_wrong');
  });

  it('is required for owner-only calls even if others need none', async () => {
    const { token, call } = await startAgentWithAuth('none');
    const put = { method: 'PUT', body: '{"strangers":"ask"}' };
    const json = { 'content-type': 'application/json' };
    expect(await call('/policy')).toBe(200);
    expect(await call('/policy', json, put)).toBe('owner_only');
    expect(await call('/policy', { ...json, ...bearer(token()), 'ocmesh-caller': 'agent' }, put)).toBe(
      'owner_only',
    );
    expect(await call('/policy', { ...json, ...bearer(token()) }, put)).toBe(200);
    const profile = { method: 'PUT', body: '{"capabilities":["weather-forecast"]}' };
    expect(await call('/profile')).toBe(200);
    expect(await call('/profile', json, profile)).toBe('owner_only');
    expect(await call('/profile', { ...json, ...bearer(token()) }, profile)).toBe(200);
  });
});

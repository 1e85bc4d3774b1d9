// Runs OpenClaw for a check, with a state of its own and a scripted model.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { until } from '@ocmesh/testkit';

/** The program of OpenClaw, and the Node.js that runs it. */
export const openclaw = join(process.env['OCMESH_OPENCLAW'] ?? '', 'node_modules/openclaw/openclaw.mjs');
export const node = process.env['OCMESH_NODE24'] ?? process.execPath;

/** Environment of a user of OpenClaw, with `openclaw` on the PATH. @param {string} place the user's folder */
export function environmentOf(place) {
  const bin = join(place, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'openclaw'), `#!/bin/sh\nexec "${node}" "${openclaw}" "$@"\n`, { mode: 0o755 });
  return {
    PATH: `${bin}:${process.env['PATH']}`,
    HOME: place,
    OPENCLAW_STATE_DIR: join(place, '.openclaw'),
    NO_COLOR: '1',
  };
}

/** @param {string} place @param {string[]} args */
function start(place, args) {
  const child = spawn(node, [openclaw, ...args], {
    env: environmentOf(place),
    cwd: place,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return { child, ended, output: () => output };
}

/** @param {string} place @param {string[]} args */
export async function runOpenClaw(place, args) {
  const { ended, output } = start(place, args);
  const code = await ended;
  if (code !== 0)
    throw new Error(`openclaw ${args[0]} ${args[1] ?? ''} ended with ${code}:\n${output().slice(-2000)}`);
  return output();
}

/** Sets the model, and more. @param {string} place @param {string} modelUrl @param {Record<string, unknown>} more */
export async function configure(place, modelUrl, more) {
  const model = {
    id: 'mock',
    name: 'mock',
    reasoning: false,
    input: ['text'],
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
    contextWindow: 128_000,
    maxTokens: 4096,
  };
  const config = {
    'models.providers.mock': {
      baseUrl: modelUrl,
      apiKey: 'x',
      api: 'openai-completions',
      models: [model],
    },
    'agents.defaults.model': { primary: 'mock/mock' },
    ...more,
  };
  for (const [key, value] of Object.entries(config))
    await runOpenClaw(place, ['config', 'set', key, JSON.stringify(value), '--strict-json']);
}

/** Starts a gateway that answers on loopback. @param {string} place @param {string} modelUrl */
export async function startGateway(place, modelUrl) {
  const gateway = {
    mode: 'local',
    port: await freePort(),
    bind: 'loopback',
    auth: { mode: 'token', token: 'made-up-for-this-check' },
  };
  await configure(place, modelUrl, { gateway });
  const { child, ended, output } = start(place, ['gateway', 'run']);
  await until(() => output().includes('[gateway] ready') || child.exitCode !== null);
  if (child.exitCode !== null) throw new Error(`the gateway ended:\n${output()}`);
  return {
    output,
    async close() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** @returns {Promise<number>} */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

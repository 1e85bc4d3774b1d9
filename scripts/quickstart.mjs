// Two agents meet and talk on this machine alone: a relay, two daemons, and an MCP client that speaks for one of them.
// With --stay everything is left running, to be played with, until Ctrl-C.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { createClient } from '@ocmesh/shared/contract';
import yoctoSpinner from 'yocto-spinner';

const STEP_MS = 30_000;
const program = fileURLToPath(new URL('../packages/daemon/bundle/ocmesh.mjs', import.meta.url));
const mcpProgram = fileURLToPath(new URL('../packages/mcp-server/bundle/ocmesh-mcp.mjs', import.meta.url));
const stay = process.argv.includes('--stay');
const place = mkdtempSync(join(tmpdir(), 'ocmesh-quickstart-'));
const startedAt = performance.now();

/** @type {{ name: string, child: import('node:child_process').ChildProcess, output: () => string }[]} */
const processes = [];
/** @type {Client | undefined} */
let mcp;

const seconds = (/** @type {number} */ ms) => `${(ms / 1000).toFixed(2)} s`.padStart(8);
const dim = (/** @type {string} */ text) => styleText('dim', text);
const bold = (/** @type {string} */ text) => styleText('bold', text);

/**
 * Does one step and prints its line: how long it took, who, what.
 * @template T
 * @param {string} who @param {string} doing @param {() => Promise<T>} work @param {(result: T) => string} done
 */
async function step(who, doing, work, done) {
  const began = performance.now();
  // What takes longer than a second shows that it lives.
  const spinner = yoctoSpinner({ text: `${who.padEnd(6)} ${doing}` });
  const timer = setTimeout(() => process.stdout.isTTY && spinner.start(), 1_000);
  try {
    const result = await work();
    clearTimeout(timer);
    spinner.stop();
    console.log(`${dim(seconds(performance.now() - began))}  ${bold(who.padEnd(6))} ${done(result)}`);
    return result;
  } catch (error) {
    clearTimeout(timer);
    spinner.stop();
    console.log(
      `${dim(seconds(performance.now() - began))}  ${bold(who.padEnd(6))} ${styleText('red', `failed while ${doing}`)}`,
    );
    throw error;
  }
}

/** @template T @param {() => Promise<T | null | undefined | false>} look */
async function until(look) {
  const deadline = performance.now() + STEP_MS;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`not within ${STEP_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * Starts `ocmesh` and waits for its first line.
 * @param {string} name @param {string[]} args @param {Record<string, string>} environment
 */
async function start(name, args, environment = {}) {
  let output = '';
  const child = spawn(process.execPath, [program, ...args], {
    // A clean environment: what OCMESH_* the caller has set is not for these.
    env: { PATH: process.env['PATH'], HOME: place, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  processes.push({ name, child, output: () => output });
  return until(async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended with exit code ${child.exitCode}`);
    return /is running: (\S+)/.exec(output)?.[1];
  });
}

/** @param {string} name @param {string} relay */
async function startAgent(name, relay) {
  const home = join(place, name);
  const url = await start(name, ['start'], {
    OCMESH_HOME: home,
    OCMESH_PORT: '0',
    OCMESH_NAME: name,
    OCMESH_RELAYS: relay,
  });
  const api = createClient({ baseUrl: () => url, fetch });
  const { pubkey, npub } = await api.getIdentity({});
  return { name, home, url, api, pubkey, npub };
}

/** @typedef {Awaited<ReturnType<typeof startAgent>>} Agent */

/** @param {Agent} agent @param {Agent} other */
const metBy = (agent, other) =>
  until(async () => {
    const { items } = await agent.api.listPeers({ online: true });
    return items.find((peer) => peer.pubkey === other.pubkey && peer.handshake === 'acknowledged');
  });

/** @param {Agent} agent */
async function connectMcp(agent) {
  const client = new Client({ name: 'ocmesh-quickstart', version: '1.0.0' });
  const env = { PATH: process.env['PATH'] ?? '', HOME: place, OCMESH_HOME: agent.home };
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [mcpProgram], env }));
  return client;
}

/** @param {string} name @param {Record<string, unknown>} args */
async function callTool(name, args) {
  const result = await mcp?.callTool({ name, arguments: args });
  if (!result || result.isError) throw new Error(`${name}: ${JSON.stringify(result?.content)}`);
  return /** @type {any} */ (result.structuredContent);
}

async function talk() {
  console.log(`\n${bold('Two agents meet and talk')}, on this machine alone. Their data: ${place}\n`);
  const relay = await step(
    'relay',
    'starting',
    () => start('relay', ['relay', '--port', '0']),
    (url) => `listens on ${url}`,
  );
  const [alice, bob] = await Promise.all([
    step(
      'alice',
      'starting',
      () => startAgent('alice', relay),
      (agent) => `is ${agent.npub.slice(0, 16)}…, REST on ${agent.url}`,
    ),
    step(
      'bob',
      'starting',
      () => startAgent('bob', relay),
      (agent) => `is ${agent.npub.slice(0, 16)}…, REST on ${agent.url}`,
    ),
  ]);
  await Promise.all([
    step(
      'alice',
      'looking for bob',
      () => metBy(alice, bob),
      () => 'discovered bob: online, handshake acknowledged',
    ),
    step(
      'bob',
      'looking for alice',
      () => metBy(bob, alice),
      () => 'discovered alice: online, handshake acknowledged',
    ),
  ]);

  mcp = await step(
    'alice',
    'connecting an MCP client',
    () => connectMcp(alice),
    () => 'has an MCP client on stdio',
  );
  const { peers } = await step(
    'alice',
    'calling list_peers',
    () => callTool('list_peers', { online: true }),
    ({ peers }) =>
      `list_peers → ${peers.map((/** @type {any} */ peer) => peer.untrusted_content.name).join(', ')}`,
  );
  const question = 'Hello bob! What can you do?';
  const sent = await step(
    'alice',
    'calling send_message',
    () => callTool('send_message', { to: peers[0].pubkey, content: question }),
    ({ id, state }) => `send_message → ${state}, id ${id.slice(0, 8)}…: ${styleText('cyan', question)}`,
  );

  const waited = await step(
    'bob',
    'waiting for the message',
    () => bob.api.waitForMessages({ timeout_s: 20 }),
    ({ messages }) => `GET /messages/wait → ${styleText('cyan', messages[0]?.content ?? 'nothing')}`,
  );
  const answer = 'Hi alice. I keep the calendar: ask me for a free hour.';
  await step(
    'bob',
    'answering',
    () => bob.api.sendMessage({ to: alice.pubkey, content: answer, reply_to: waited.messages[0]?.id ?? '' }),
    () => `POST /send → ${styleText('green', answer)}`,
  );
  const heard = await step(
    'alice',
    'calling wait_for_message',
    () => callTool('wait_for_message', { reply_to: sent.id, timeout_s: 20 }),
    ({ messages }) =>
      `wait_for_message → ${styleText('green', messages[0]?.untrusted_content.content ?? 'nothing')}`,
  );
  if (heard.messages[0]?.untrusted_content.content !== answer) throw new Error('the answer did not arrive');
  await step(
    'alice',
    'asking what became of her message',
    () =>
      until(async () => {
        const { delivery } = await callTool('get_message', { id: sent.id });
        return delivery.state === 'delivered' && delivery;
      }),
    ({ state }) => `get_message → her message is ${state}: bob's daemon confirmed it`,
  );
  console.log(
    `\n${styleText('green', '✔')} discovered, greeted, asked, answered, end-to-end encrypted, in ${seconds(performance.now() - startedAt).trim()}.`,
  );
  return [alice, bob];
}

/** @param {Agent[]} agents */
async function linger(agents) {
  const [alice, bob] = /** @type {[Agent, Agent]} */ (agents);
  const config = {
    mcpServers: {
      ocmesh: { command: process.execPath, args: [mcpProgram], env: { OCMESH_HOME: alice.home } },
    },
  };
  console.log(`
Still running, until Ctrl-C:
  alice  ${alice.url}   curl "${alice.url}/peers?online=true"
  bob    ${bob.url}   curl "${bob.url}/messages?unread=true"
  bob's key: ${bob.pubkey}

To speak as alice from an MCP client:
${JSON.stringify(config, null, 2)}
`);
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}

async function cleanUp() {
  await mcp?.close();
  await Promise.all(
    processes.map(({ child }) => {
      if (child.exitCode !== null || child.signalCode !== null) return null;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      return ended;
    }),
  );
  rmSync(place, { recursive: true, force: true });
}

try {
  const agents = await talk();
  if (stay) await linger(agents);
} catch (error) {
  process.exitCode = 1;
  console.error(`\n${styleText('red', '✘')} ${error instanceof Error ? error.message : error}`);
  for (const { name, output } of processes) console.error(`\n── ${name}\n${output().trimEnd()}`);
} finally {
  await cleanUp();
}

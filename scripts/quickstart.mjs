// Demo: two agents meet and talk on this machine. It starts a relay and two daemons, and connects an MCP client to one.
// --stay keeps everything running until Ctrl-C. `scripts/cast.mjs` draws what this prints.
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { createProcessMesh, until } from '@ocmesh/testkit';
import yoctoSpinner from 'yocto-spinner';

const program = fileURLToPath(new URL('../packages/daemon/bundle/ocmesh.mjs', import.meta.url));
const mcpProgram = fileURLToPath(new URL('../packages/mcp-server/bundle/ocmesh-mcp.mjs', import.meta.url));
const stay = process.argv.includes('--stay');
const mesh = createProcessMesh(program);
const startedAt = performance.now();

/** @type {Client | undefined} */
let mcp;

const seconds = (/** @type {number} */ ms) => `${(ms / 1000).toFixed(2)} s`.padStart(8);
const dim = (/** @type {string} */ text) => styleText('dim', text);
/** Pads the name of a tool or a REST call so that the arrows line up. */
const call = (/** @type {string} */ name) => name.padEnd(18);
const bold = (/** @type {string} */ text) => styleText('bold', text);
const colours = /** @type {const} */ ({ alice: 'cyan', bob: 'green' });
/** A name in bold, in the colour of the agent's messages. */
const named = (/** @type {string} */ who) => {
  const text = bold(who.padEnd(6));
  return who === 'alice' || who === 'bob' ? styleText(colours[who], text) : text;
};

/**
 * Runs one step and prints a line with its duration, who did it, and the result.
 * @template T
 * @param {string} who @param {string} doing @param {() => Promise<T>} work @param {(result: T) => string} done
 */
async function step(who, doing, work, done) {
  const began = performance.now();
  // A slow step shows progress.
  const spinner = yoctoSpinner({ text: `${who.padEnd(6)} ${doing}` });
  const timer = setTimeout(() => process.stdout.isTTY && spinner.start(), 1_000);
  try {
    const result = await work();
    clearTimeout(timer);
    spinner.stop();
    console.log(`${dim(seconds(performance.now() - began))}  ${named(who)} ${done(result)}`);
    return result;
  } catch (error) {
    clearTimeout(timer);
    spinner.stop();
    console.log(
      `${dim(seconds(performance.now() - began))}  ${named(who)} ${styleText('red', `failed while ${doing}`)}`,
    );
    throw error;
  }
}

/** @typedef {import('@ocmesh/testkit').RunningAgent} Agent */

/** @param {Agent} agent */
async function connectMcp(agent) {
  const client = new Client({ name: 'ocmesh-quickstart', version: '1.0.0' });
  const env = { PATH: process.env['PATH'] ?? '', HOME: mesh.place, OCMESH_HOME: agent.home };
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [mcpProgram], env }));
  return client;
}

/** @param {string} name @param {Record<string, unknown>} args */
async function callTool(name, args) {
  const result = await mcp?.callTool({ name, arguments: args });
  if (!result || result.isError) throw new Error(`${name}: ${JSON.stringify(result?.content)}`);
  const [first] = /** @type {{ text: string }[]} */ (result.content);
  return first?.text ?? '';
}

async function talk() {
  console.log(`\n${bold('Two agents meet and talk')} on this machine. Temporary data: ${mesh.place}\n`);
  const relay = await step(
    'relay',
    'starting',
    () => mesh.startRelay(),
    ({ url }) => `is listening on ${url}`,
  );
  const introduce = (/** @type {Agent} */ { npub, url }) =>
    `is running as ${npub.slice(0, 14)}…, REST API on ${url}`;
  const alice = await step('alice', 'starting', () => mesh.startAgent('alice', [relay.url]), introduce);
  const bob = await step('bob', 'starting', () => mesh.startAgent('bob', [relay.url]), introduce);
  await step(
    'both',
    'looking for each other',
    () => mesh.meet(alice, bob),
    () => 'discovered each other; handshake acknowledged',
  );

  mcp = await step(
    'alice',
    'connecting an MCP client',
    () => connectMcp(alice),
    () => 'connected an MCP client over stdio',
  );
  const handle = await step(
    'alice',
    'calling list_peers',
    async () => /^1\. ([0-9a-f]{12}) /m.exec(await callTool('list_peers', { online: true }))?.[1] ?? '',
    (handle) => `${call('list_peers')} → ${handle}, who says its name is bob`,
  );
  const question = 'Hello bob! What can you do?';
  const sent = await step(
    'alice',
    'calling send_message',
    async () => {
      const text = await callTool('send_message', { to: handle, content: question });
      const [, id = '', state = ''] = /^id: (\S+) [^\n]*\n([A-Z]+)/.exec(text) ?? [];
      return { id, state };
    },
    ({ id, state }) =>
      `${call('send_message')} → ${state}, id ${id.slice(0, 8)}…: ${styleText(colours.alice, question)}`,
  );

  const waited = await step(
    'bob',
    'waiting for the message',
    () => bob.api.waitForMessages({ timeout_s: 20 }),
    ({ messages }) =>
      `${call('GET /messages/wait')} → ${styleText(colours.alice, messages[0]?.content ?? 'nothing')}`,
  );
  const reply = 'Hi alice. I keep the calendar: ask me for a free hour.';
  await step(
    'bob',
    'replying',
    () => bob.api.sendMessage({ to: alice.pubkey, content: reply, reply_to: waited.messages[0]?.id ?? '' }),
    () => `${call('POST /send')} → ${styleText(colours.bob, reply)}`,
  );
  const heard = await step(
    'alice',
    'calling wait_for_message',
    () => callTool('wait_for_message', { reply_to: sent.id, timeout_s: 20 }),
    (text) =>
      `${call('wait_for_message')} → ${styleText(colours.bob, /^1: (.*)$/m.exec(text)?.[1] ?? 'nothing')}`,
  );
  if (!heard.includes(`\n1: ${reply}\n`)) throw new Error('the reply did not arrive');
  await step(
    'alice',
    'checking the delivery',
    () => until(async () => (await callTool('get_message', { id: sent.id })).includes('\nDELIVERED ')),
    () => `${call('get_message')} → DELIVERED: bob's daemon has confirmed the message`,
  );
  console.log(
    `\n${styleText('green', '✔')} Discovery, handshake, question and reply, end-to-end encrypted, in ${seconds(performance.now() - startedAt).trim()}.`,
  );
  return { alice, bob };
}

/** @param {Agent} alice @param {Agent} bob */
async function linger(alice, bob) {
  const config = {
    mcpServers: {
      ocmesh: { command: process.execPath, args: [mcpProgram], env: { OCMESH_HOME: alice.home } },
    },
  };
  console.log(`
Still running; Ctrl-C stops everything:
  alice  ${alice.url}   curl "${alice.url}/peers?online=true"
  bob    ${bob.url}   curl "${bob.url}/messages?unread=true"
  bob's key: ${bob.pubkey}

To chat as both, in two terminals:
  OCMESH_HOME=${alice.home} npm run -s ocmesh -- chat bob
  OCMESH_HOME=${bob.home} npm run -s ocmesh -- chat alice

To connect an MCP client as alice:
${JSON.stringify(config, null, 2)}
`);
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  console.log(`\nStopping both agents and the relay, and removing ${mesh.place}.`);
}

async function cleanUp() {
  await mcp?.close();
  await mesh.close();
}

try {
  const { alice, bob } = await talk();
  if (stay) await linger(alice, bob);
} catch (error) {
  process.exitCode = 1;
  console.error(`\n${styleText('red', '✘')} ${error instanceof Error ? error.message : error}`);
  console.error(`
${mesh.transcript()}`);
} finally {
  await cleanUp();
}

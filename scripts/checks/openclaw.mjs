// Checks how a real host shows our tools to a model: OpenClaw, with a scripted model, a relay and two daemons, all on loopback.
//
//   node scripts/checks/openclaw.mjs inbox   40 unread messages of 700 characters, page by page, then up_to
//   node scripts/checks/openclaw.mjs story   find an agent by its ability, ask it, tell the user
//   node scripts/checks/openclaw.mjs wake    messages start turns of an idle agent, through its gateway (takes some minutes)
//   node scripts/checks/openclaw.mjs plugin  the same story, and the wake, with the native plugin
//
// Needs the build, a folder with OpenClaw in OCMESH_OPENCLAW (`npm i openclaw` there; not part of this repository), and Node 24 or
// newer: the one that runs this, or the one in OCMESH_NODE24. Takes about a minute. Not part of CI.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProcessMesh, until } from '@ocmesh/testkit';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { configure, node, openclaw, runOpenClaw } from './openclaw-client.mjs';
import { checkPluginWake, checkPrompt, installPlugin } from './openclaw-plugin.mjs';
import { checkOpenClawWake } from './openclaw-wake.mjs';
import { check, exitCode } from './report.mjs';
import { startScriptedModel } from './scripted-model.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = join(root, 'packages/daemon/bundle/ocmesh.mjs');
const mcpProgram = join(root, 'packages/mcp-server/bundle/ocmesh-mcp.mjs');
/** @typedef {import('@ocmesh/testkit').RunningAgent} Agent */
/** @typedef {import('./scripted-model.mjs').Turn} Turn */

/** One call of our tool, as OpenClaw's model makes it. @param {string} name @param {Record<string, unknown>} args @returns {Turn} */
const useTool = (name, args) => ({ tool: 'tool_call', args: { id: `ocmesh__${name}`, args } });

/** Our text in what the model sees: OpenClaw wraps it, as a string in JSON. @param {string} result */
const unwrapped = (result) => result.replaceAll('\\n', '\n').replaceAll('\\"', '"');

/** One turn of an agent with this model and our tools. @param {string} home @param {string} place @param {string} modelUrl */
async function runTurn(home, place, modelUrl) {
  await runTurnWith(place, modelUrl, {
    'mcp.servers.ocmesh': { command: process.execPath, args: [mcpProgram], env: { OCMESH_HOME: home } },
  });
}

/** @param {string} place @param {string} modelUrl @param {Record<string, unknown>} config */
async function runTurnWith(place, modelUrl, config) {
  const state = join(place, 'openclaw');
  await configure(state, modelUrl, config);
  await runOpenClaw(state, ['agent', '--local', '--session-id', 'check', '-m', 'go', '--json']);
}

/** 40 unread messages, all of which the model has to see, each once. @param {Agent} alice @param {Agent} bob @param {string} place */
async function checkInbox(alice, bob, place) {
  const numbers = Array.from({ length: 40 }, (_, i) => `message-${String(i + 1).padStart(2, '0')}`);
  for (const number of numbers)
    await bob.owner.sendMessage({
      to: alice.pubkey,
      content: `${number} "quoted" ${'x'.repeat(700)}`.slice(0, 700),
    });
  await until(async () => (await alice.api.getStatus({})).unread_count === 40);
  const firstPage = { cursor: '', shown: /** @type {string[]} */ ([]) };
  const model = await startScriptedModel(({ results }) => {
    const last = unwrapped(results.at(-1) ?? '');
    if (results.length === 0) return useTool('list_messages', { unread: true, limit: 20 });
    const next = /next_cursor: (\S+)/.exec(last)?.[1];
    if (results.length === 1) {
      firstPage.cursor = /mark_read up_to (\S+)/.exec(last)?.[1] ?? '';
      firstPage.shown = last.match(/message-\d\d/g) ?? [];
    }
    if (next) return useTool('list_messages', { unread: true, limit: 20, cursor: next });
    if (/marked as read/.test(last) || results.length > 12) return { text: 'done' };
    return useTool('mark_read', { up_to: firstPage.cursor });
  });
  await runTurn(alice.home, place, model.url);
  model.close();
  const results = (model.seen.at(-1)?.results ?? []).map(unwrapped);
  const shown = results.flatMap((text) => text.match(/message-\d\d/g) ?? []);
  console.log(
    `       ${results.length} results, ${results.map(({ length }) => length).join(', ')} characters`,
  );
  check(`40 distinct messages seen (${new Set(shown).size})`, new Set(shown).size === 40);
  check(`each once (${shown.length})`, shown.length === 40);
  check(
    'nothing truncated by the host',
    results.every((text) => !text.includes('[truncated]')),
  );
  const left = (await alice.api.listMessages({ unread: true })).items.map(({ content }) =>
    content.slice(0, 10),
  );
  const rest = numbers.filter((number) => !firstPage.shown.includes(number));
  check(
    `up_to after a page of ${firstPage.shown.length} leaves exactly the other ${rest.length} unread`,
    firstPage.shown.length > 0 && JSON.stringify(left) === JSON.stringify(rest),
  );
}

/** Find by ability, ask, tell, over MCP. @param {Agent} alice @param {Agent} bob @param {string} place */
async function checkStory(alice, bob, place) {
  await tellStory(alice, bob, (modelUrl) => runTurn(alice.home, place, modelUrl));
}

/**
 * @param {Agent} alice @param {Agent} bob @param {(modelUrl: string) => Promise<void>} run one turn
 * @returns the first request to the model, as text
 */
async function tellStory(alice, bob, run) {
  const answering = until(async () => {
    const { messages } = await bob.api.waitForMessages({ timeout_s: 5 });
    const [question] = messages;
    if (!question) return null;
    return bob.api.sendMessage({ to: alice.pubkey, content: 'Sunny, 24 °C.', reply_to: question.id });
  });
  const model = await startScriptedModel(({ results }) => {
    const last = unwrapped(results.at(-1) ?? '');
    if (results.length === 0) return useTool('list_peers', { can: 'weather' });
    const [, handle = ''] = /1\. ([0-9a-f]{12}) /.exec(last) ?? [];
    if (results.length === 1)
      return useTool('send_message', { to: handle, content: 'Weather in Lisbon tomorrow?', wait_s: 45 });
    return { text: /1: (.+)/.exec(last)?.[1] ?? 'nothing' };
  });
  await run(model.url);
  model.close();
  await answering;
  const results = (model.seen.at(-1)?.results ?? []).map(unwrapped);
  const ours = results.map(ourPart);
  const tokens = ours.reduce((sum, text) => sum + encode(text).length, 0);
  console.log(ours.map((text) => text.replace(/^/gm, '       | ')).join('\n'));
  check(
    `the answer reached the model`,
    results.some((text) => text.includes('Sunny, 24 °C.')),
  );
  check(`${model.seen.length} model calls, at most 4`, model.seen.length <= 4);
  check(`${tokens} tokens of our results, at most 1,000`, tokens > 0 && tokens <= 1000);
  const shown = results.reduce((sum, text) => sum + encode(text).length, 0);
  console.log(`       ${shown} tokens of results as the host shows them`);
  return JSON.stringify(model.seen[0]?.request ?? '');
}

/** What we wrote, without what the host puts around it. @param {string} result */
const ourPart = (result) =>
  /((?:id: [0-9a-f]+ \||\d+ (?:of \d+ known )?peers?)[\s\S]*?(?:unread: \d+|<<<end untrusted [0-9a-f]{32}>>>))/.exec(
    result,
  )?.[1] ?? result;

/** @param {Agent} alice @param {Agent} bob @param {string} place @param {import('@ocmesh/testkit').ProcessMesh} mesh @param {string} relayUrl */
const checkWake = (alice, bob, place, mesh, relayUrl) =>
  checkOpenClawWake({ alice, contact: bob, mesh, program, relayUrl, place: join(place, 'openclaw') });

/** @param {Agent} alice @param {Agent} bob @param {string} place @param {import('@ocmesh/testkit').ProcessMesh} mesh @param {string} relayUrl */
async function checkPlugin(alice, bob, place, mesh, relayUrl) {
  const state = join(place, 'openclaw');
  await installPlugin(state, alice);
  checkPrompt(await tellStory(alice, bob, (modelUrl) => runTurnWith(place, modelUrl, {})));
  await checkPluginWake({ alice, contact: bob, mesh, program, relayUrl, place: state });
}

const checks = { inbox: checkInbox, story: checkStory, wake: checkWake, plugin: checkPlugin };
const chosen = checks[/** @type {keyof typeof checks} */ (process.argv[2])];
const major = Number(process.versions.node.split('.')[0]);
if (!chosen || !existsSync(openclaw) || (node === process.execPath && major < 24)) {
  console.error(
    'Usage: OCMESH_OPENCLAW=<folder> node scripts/checks/openclaw.mjs inbox|story|wake|plugin\n' +
      'The folder has OpenClaw (npm i openclaw). Run it with Node 24, or name one in OCMESH_NODE24. Build first.',
  );
  process.exit(78);
}
const mesh = createProcessMesh(program);
try {
  const relay = await mesh.startRelay();
  const bob = await mesh.startAgent('bob', [relay.url]);
  // Before anybody has seen bob: a change is seen with the next scan, two minutes later.
  await bob.owner.setProfile({ about: 'Weather for any place.', capabilities: ['weather-forecast'] });
  const alice = await mesh.startAgent('alice', [relay.url]);
  await mesh.meet(alice, bob);
  await mesh.befriend(alice, bob);
  await mesh.befriend(bob, alice);
  await chosen(alice, bob, mesh.place, mesh, relay.url);
} finally {
  await mesh.close();
}
process.exitCode = exitCode();

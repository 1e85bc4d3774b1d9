// Checks that a message wakes the real Claude Code, with a scripted model, a relay and three daemons, all on loopback.
//
//   node scripts/checks/claude.mjs wake    messages start turns of an idle agent, by the hook of `ocmesh connect claude`
//   node scripts/checks/claude.mjs plugin  the same with the plugin instead
//
// Needs the build, and a folder with Claude Code in OCMESH_CLAUDE (`npm i @anthropic-ai/claude-code` there; not part of this
// repository). Needs no account: the key is made up. Takes some minutes. Not part of CI.
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createProcessMesh, until } from '@ocmesh/testkit';
import { writeClaudeCodePlugin } from '../plugins/claude-code.mjs';
import { check, exitCode } from './report.mjs';
import { startMessagesApi } from './scripted-messages-api.mjs';
import { checkBurst, checkKills, checkWho } from './wake-cases.mjs';

const program = fileURLToPath(new URL('../../packages/daemon/bundle/ocmesh.mjs', import.meta.url));
const claude = join(process.env['OCMESH_CLAUDE'] ?? '', 'node_modules/.bin/claude');
const run = promisify(execFile);

/**
 * Starts a session that stays open, as a person would leave it.
 * @param {string} place @param {string} apiUrl @param {readonly string[]} args @param {Record<string, string>} env
 */
function startSession(place, apiUrl, args, env) {
  const words = [
    '-p',
    '--verbose',
    '--input-format',
    'stream-json',
    '--output-format',
    'stream-json',
    ...args,
  ];
  const child = spawn(claude, words, {
    cwd: place,
    env: {
      PATH: process.env['PATH'],
      HOME: place,
      ANTHROPIC_BASE_URL: apiUrl,
      ANTHROPIC_API_KEY: 'made-up',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  return {
    /** @param {string} content */
    say: (content) =>
      child.stdin.write(`${JSON.stringify({ type: 'user', message: { role: 'user', content } })}\n`),
    output: () => output,
    async close() {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.stdin.end();
      child.kill();
      await ended;
    },
  };
}

const way = process.argv[2] ?? '';
if (!['wake', 'plugin'].includes(way) || !existsSync(claude)) {
  console.error(
    'Usage: OCMESH_CLAUDE=<folder> node scripts/checks/claude.mjs wake|plugin\n' +
      'The folder has Claude Code (npm i @anthropic-ai/claude-code). Build first.',
  );
  process.exit(78);
}
const mesh = createProcessMesh(program);
const model = await startMessagesApi();
try {
  const relay = await mesh.startRelay();
  const alice = await mesh.startAgent('alice', [relay.url]);
  const contact = await mesh.startAgent('contact', [relay.url]);
  const stranger = await mesh.startAgent('stranger', [relay.url]);
  await mesh.meet(alice, contact);
  await mesh.meet(alice, stranger);
  await mesh.befriend(alice, contact);
  const place = join(mesh.place, 'claude');
  mkdirSync(place);
  const env = { PATH: process.env['PATH'], HOME: place, OCMESH_HOME: alice.home };
  const ocmesh = async (/** @type {string[]} */ ...args) =>
    console.log((await run(process.execPath, [program, ...args], { env })).stdout);
  const plugin = join(mesh.place, 'plugin');
  if (way === 'plugin') {
    writeClaudeCodePlugin(plugin);
    await run(claude, ['plugin', 'validate', plugin], { env });
    check('claude plugin validate accepts the plugin', true);
  } else await ocmesh('connect', 'claude', '--yes');
  const session =
    way === 'plugin'
      ? startSession(place, model.url, ['--plugin-dir', plugin], { OCMESH_HOME: alice.home })
      : startSession(place, model.url, [], {});
  try {
    session.say('go');
    await until(() => existsSync(join(alice.home, 'watch/claude.json')));
    check(`the first turn was over after ${model.seen.length} model requests`, model.seen.length > 0);
    const seen = () => model.seen;
    const before = seen().length;
    await ocmesh('connect', 'claude', '--test');
    await until(() => seen().length > before);
    await checkWho({ seen, withinSeconds: 5 }, { alice, contact, stranger });
    const hasAll = (/** @type {string} */ request) =>
      /ocmesh__list_peers/.test(request) && /ocmesh: Find|ocmesh:ocmesh/.test(request);
    check('the model knows our tools and the skill', seen().some(hasAll));
    await checkBurst({ seen }, { alice, contact });
    const restart = () => session.say('go on');
    await checkKills(
      { seen, remembers: true, watcher: 'claude', watcherKills: 5, restart },
      { alice, contact, mesh, relayUrl: relay.url },
    );
  } catch (error) {
    console.error(session.output().slice(-4000));
    throw error;
  } finally {
    await session.close();
  }
} finally {
  model.close();
  await mesh.close();
}
process.exitCode = exitCode();

// The native plugin in a real OpenClaw: it loads, its tools are in the prompt, a story works, and a message wakes the agent.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '@ocmesh/testkit';
import { root } from '../plugins/facts.mjs';
import { openclawManifest, writeOpenClawPlugin } from '../plugins/openclaw.mjs';
import { environmentOf, runOpenClaw, startGateway } from './openclaw-client.mjs';
import { check } from './report.mjs';
import { startScriptedModel } from './scripted-model.mjs';
import { checkBurst, checkWho, watcherOf } from './wake-cases.mjs';

/** @typedef {import('@ocmesh/testkit').RunningAgent} Agent */

/** Installs the plugin as a folder. @param {string} place folder of a user of OpenClaw @param {Agent} alice */
export async function installPlugin(place, alice) {
  mkdirSync(place, { recursive: true });
  const folder = join(place, 'plugin');
  await writeOpenClawPlugin(folder);
  cpSync(join(root, 'packages/openclaw/package.json'), join(folder, 'package.json'));
  await runOpenClaw(place, ['plugins', 'install', folder, '--force', '--accept-capabilities']);
  const config = JSON.stringify({ home: alice.home });
  await runOpenClaw(place, ['config', 'set', 'plugins.entries.ocmesh.config', config, '--strict-json']);
  const { plugin, tools, diagnostics } = JSON.parse(
    await runOpenClaw(place, ['plugins', 'inspect', 'ocmesh', '--runtime', '--json']),
  );
  const names = tools.flatMap((/** @type {{ names: string[] }} */ { names }) => names);
  const declared = openclawManifest().contracts.tools;
  check(
    `OpenClaw loads it: ${plugin.status}, ${names.length} tools, ${diagnostics.length} diagnostics`,
    plugin.status === 'loaded' && names.join() === declared.join() && diagnostics.length === 0,
  );
}

/** The names and arguments of our tools, as the system prompt has them. @param {string} request */
export function checkPrompt(request) {
  const line = /[^\\]*ocmesh__list_peers[^\\]*/.exec(request)?.[0] ?? '';
  console.log(`       | ${line.slice(0, 200)}`);
  const missing = openclawManifest().contracts.tools.filter((name) => !request.includes(name));
  check(`its tools are in the prompt, with their arguments`, missing.length === 0 && /\bcan\b/.test(line));
}

/**
 * Messages start turns of an idle agent through the plugin's service.
 * @param {{ alice: Agent, contact: Agent, mesh: import('@ocmesh/testkit').ProcessMesh, program: string, relayUrl: string, place: string }} deps
 */
export async function checkPluginWake({ alice, contact, mesh, program, relayUrl, place }) {
  // The answer of the story would start a turn.
  await alice.owner.markRead({ all: true });
  const stranger = await mesh.startAgent('stranger', [relayUrl]);
  await mesh.meet(alice, stranger);
  const model = await startScriptedModel(() => ({ text: 'ok' }));
  const seen = () => model.seen.map(({ request }) => JSON.stringify(request));
  const gateway = await startGateway(place, model.url);
  try {
    await until(() => watcherOf(alice.home, 'openclaw') !== null);
    const before = seen().length;
    const env = { ...environmentOf(place), OCMESH_HOME: alice.home };
    const test = await promisify(execFile)(process.execPath, [program, 'connect', 'openclaw', '--test'], {
      env,
    });
    console.log(`       | ${test.stdout.trim()}`);
    await until(() => seen().length > before);
    check('connect --test woke it', true);
    await checkWho({ seen, withinSeconds: 60 }, { alice, contact, stranger });
    await checkBurst({ seen }, { alice, contact });
  } catch (error) {
    console.error(gateway.output().slice(-4000));
    throw error;
  } finally {
    if (process.env['OCMESH_VERBOSE']) console.error(gateway.output().slice(-6000));
    await gateway.close();
    model.close();
  }
}

// A message wakes an idle agent of OpenClaw: the automation that `ocmesh connect openclaw` adds to a real gateway.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createSeededRandom, until } from '@ocmesh/testkit';
import { environmentOf, startGateway } from './openclaw-client.mjs';
import { check } from './report.mjs';
import { startScriptedModel } from './scripted-model.mjs';
import { checkBurst, checkWho, idsIn, WORDS } from './wake-cases.mjs';

/** @typedef {import('@ocmesh/testkit').RunningAgent} Agent */
/** @typedef {import('@ocmesh/testkit').ProcessMesh} Mesh */

/**
 * @param {{ alice: Agent, contact: Agent, mesh: Mesh, program: string, relayUrl: string, place: string }} deps
 * `program` is the built `ocmesh`, `place` the folder of a user of OpenClaw
 */
export async function checkOpenClawWake({ alice, contact, mesh, program, relayUrl, place }) {
  mkdirSync(place, { recursive: true });
  const stranger = await mesh.startAgent('stranger', [relayUrl]);
  await mesh.meet(alice, stranger);
  const model = await startScriptedModel(() => ({ text: 'ok' }));
  const seen = () => model.seen.map(({ request }) => JSON.stringify(request));
  const gateway = await startGateway(place, model.url);
  try {
    const env = { ...environmentOf(place), OCMESH_HOME: alice.home };
    const run = promisify(execFile);
    console.log((await run(process.execPath, [program, 'connect', 'openclaw', '--yes'], { env })).stdout);
    await until(() => watcherOf(alice.home) !== null);
    await checkWho({ seen, withinSeconds: 60 }, { alice, contact, stranger });
    await checkBurst({ seen }, { alice, contact });
    await checkKills({ seen }, { alice, contact, mesh, relayUrl });
    console.log(
      (await run(process.execPath, [program, 'connect', 'openclaw', '--undo', '--yes'], { env })).stdout,
    );
  } catch (error) {
    console.error(gateway.output().slice(-4000));
    throw error;
  } finally {
    await gateway.close();
    model.close();
  }
}

/** @param {string} home */
export function watcherOf(home) {
  try {
    return JSON.parse(readFileSync(join(home, 'watch/openclaw.json'), 'utf8')).process.pid;
  } catch {
    return null;
  }
}

const MESSAGES = 20;
/** OpenClaw stops an automation whose command ended early five times, and waits longer after each. */
const WATCHER_KILLS = 2;

/** @param {{ seen: () => readonly string[] }} client @param {{ alice: Agent, contact: Agent, mesh: Mesh, relayUrl: string }} agents */
async function checkKills({ seen }, { alice, contact, mesh, relayUrl }) {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  console.log(`       seed ${seed}`);
  const random = createSeededRandom(seed);
  const from = seen().length;
  const sent = [];
  const kills = { daemon: 0, watcher: 0 };
  let running = alice;
  for (let n = 0; n < MESSAGES; n++) {
    sent.push((await contact.api.sendMessage({ to: alice.pubkey, content: `${WORDS} ${n}` })).id);
    await pause(random.unit() * 2000);
    if (random.unit() < 0.25) {
      await running.kill();
      running = await mesh.startAgent('alice', [relayUrl]);
      kills.daemon++;
    }
    if (random.unit() < 0.25 && kills.watcher < WATCHER_KILLS) {
      const pid = watcherOf(alice.home);
      process.kill(pid, 'SIGKILL');
      kills.watcher++;
      await until(() => watcherOf(alice.home) !== pid, { quietMs: 300_000 });
    }
  }
  const announced = () => seen().slice(from).flatMap(idsIn);
  await until(() => sent.every((id) => announced().includes(id)), {
    moves: () => `${announced().length} of ${sent.length}`,
    quietMs: 120_000,
  });
  const times = announced().filter((id) => sent.includes(id));
  check(
    `${MESSAGES} messages, daemon killed ${kills.daemon} times, watcher ${kills.watcher} times: ${new Set(times).size} ids announced, each once (${times.length})`,
    times.length === MESSAGES,
  );
}

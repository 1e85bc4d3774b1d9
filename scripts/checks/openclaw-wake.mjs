// A message wakes an idle agent of OpenClaw: the automation that `ocmesh connect openclaw` adds to a real gateway.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { until } from '@ocmesh/testkit';
import { environmentOf, startGateway } from './openclaw-client.mjs';
import { startScriptedModel } from './scripted-model.mjs';
import { checkBurst, checkKills, checkWho, watcherOf } from './wake-cases.mjs';

/** @typedef {import('@ocmesh/testkit').RunningAgent} Agent */
/** @typedef {import('@ocmesh/testkit').ProcessMesh} Mesh */

/** OpenClaw stops an automation whose command ended early five times, and waits longer after each. */
const WATCHER_KILLS = 2;

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
    await until(() => watcherOf(alice.home, 'openclaw') !== null);
    await checkWho({ seen, withinSeconds: 60 }, { alice, contact, stranger });
    await checkBurst({ seen }, { alice, contact });
    await checkKills(
      { seen, watcher: 'openclaw', watcherKills: WATCHER_KILLS },
      { alice, contact, mesh, relayUrl },
    );
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

// The first seconds of a daemon among thousands of agents, on a real relay: the embedded one, or strfry where STRFRY names it.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProcessMesh, until } from '@ocmesh/testkit';
import { WebSocket } from 'ws';
import { figure } from '../report.mjs';
import { presenceOf } from './crowd.mjs';

const program = fileURLToPath(new URL('../../packages/daemon/bundle/ocmesh.mjs', import.meta.url));
const STRFRY_PORT = 17_777;

/** @param {string} url @param {readonly any[]} events */
async function publish(url, events) {
  const socket = new WebSocket(url);
  await new Promise((resolve) => socket.once('open', resolve));
  let accepted = 0;
  const done = new Promise((resolve) => {
    socket.on('message', (data) => {
      if (JSON.parse(String(data))[0] === 'OK' && ++accepted === events.length) resolve(undefined);
    });
  });
  for (const event of events) socket.send(JSON.stringify(['EVENT', event]));
  await done;
  socket.close();
}

/** The newest presences of a mesh: those of `shown` of its agents. @param {number} shown @param {number} agents @param {number} everySec */
function newestOf(shown, agents, everySec) {
  const nowSec = Math.floor(Date.now() / 1000);
  return Array.from({ length: shown }, (_, n) =>
    presenceOf(n, nowSec - Math.floor((n * everySec) / agents), everySec, {
      profile: { about: null, capabilities: [n % 200 === 199 ? 'sheep-shearing' : 'weather-forecast'] },
    }),
  );
}

/** @param {number | undefined} pid */
const residentMb = (pid) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Starts strfry, open for everyone. @param {string} binary */
async function startStrfry(binary) {
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-strfry-'));
  const config = join(folder, 'strfry.conf');
  writeFileSync(
    config,
    `db = "${folder}/"\nrelay { bind = "127.0.0.1" port = ${STRFRY_PORT} nofiles = 0 }\n`,
  );
  const child = spawn(binary, [`--config=${config}`, 'relay'], { stdio: 'ignore' });
  const url = `ws://127.0.0.1:${STRFRY_PORT}`;
  await until(
    () =>
      new Promise((resolve) => {
        const socket = new WebSocket(url);
        socket.once('open', () => resolve(/** @type {any} */ (true))).once('error', () => resolve(false));
      }),
  );
  return {
    url,
    async close() {
      child.kill();
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * Starts an agent on a relay with these presences; with more than one relay, each has a part of them.
 * @param {string} name @param {ReturnType<typeof newestOf>} events @param {(agent: any, listedMs: (count: number) => Promise<number>) => Promise<void>} look
 */
async function among(name, events, look, relays = 1) {
  const mesh = createProcessMesh(program);
  const strfry = process.env['STRFRY'] ? await startStrfry(process.env['STRFRY']) : null;
  const urls = strfry ? [strfry.url] : [];
  while (urls.length < relays) urls.push((await mesh.startRelay()).url);
  for (const [n, url] of urls.entries()) {
    await publish(
      url,
      events.filter((_, at) => at % urls.length === n),
    );
  }
  const agent = await mesh.startAgent(name, urls, { OCMESH_LOG_LEVEL: 'warn' });
  const began = performance.now();
  await look(agent, async (count) => {
    await until(async () => (await agent.api.getStatus({})).known_peer_count >= count);
    return performance.now() - began;
  });
  await mesh.close();
  await strfry?.close();
}

export async function measureStart() {
  await among('small', newestOf(5_000, 5_000, 600), async (agent, listedMs) => {
    figure('5,000 agents: all listed by a fresh home', (await listedMs(5_000)) / 1000, {
      unit: 's',
      atMost: 30,
    });
    figure('5,000 agents: resident memory then', residentMb(agent.child.pid), { unit: 'MB' });
  });
  await among('large', newestOf(9_900, 100_000, 3_600), async (agent, listedMs) => {
    figure('100,000 agents: 100 online strangers listed', (await listedMs(100)) / 1000, {
      unit: 's',
      atMost: 5,
    });
    const began = performance.now();
    const { items } = await agent.api.listPeers({ can: 'sheep shearing', limit: 20 });
    figure('100,000 agents: search, first 20', (performance.now() - began) / 1000, { unit: 's', atMost: 2 });
    const right = items.filter((/** @type {any} */ { capabilities }) =>
      capabilities.includes('sheep-shearing'),
    );
    figure('100,000 agents: search, right ones among the first 20', right.length, { unit: '', atLeast: 20 });
  });
  await among(
    'full',
    newestOf(9_900, 9_900, 1_200),
    async (agent, listedMs) => {
      await listedMs(9_800);
      figure('9,800 of 9,900 agents just listed: resident memory', residentMb(agent.child.pid), {
        unit: 'MB',
        atMost: 130,
      });
      // Two relays: of one, we take 5,000 unknown keys at once.
    },
    2,
  );
}

// What discovery costs and how right it is, against the size of the mesh: a day of one agent, on a clock that runs ahead, on five
// real relays, among agents that behave as it does; and the first seconds of a real daemon on a real relay.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createFakeClock } from '@ocmesh/testkit';
import { createSystemRandom } from '../packages/daemon/dist/adapters/system/random.js';
import { createContacts } from './mesh/contacts.mjs';
import { createCrowd, rulesFor, urls } from './mesh/crowd.mjs';
import { createTraffic, startCrowdRelay } from './mesh/relays.mjs';
import { measureStart } from './mesh/start.mjs';
import { figure, median } from './report.mjs';

const SIZES = (process.env['MESH_SIZES'] ?? '100,1000,10000,100000').split(',').map(Number);
/** Not run: as many agents would fill the memory of this process. The same rules, computed. */
const MODELLED = 1_000_000;
const HOURS = Number(process.env['MESH_HOURS'] ?? 24);
const STEP_SEC = 10;
const CONTACTS = 20;
/** Two scans: later, a contact's state should be right. */
const GRACE_SEC = 240;
/** A message that was sent just before the end may still be under way. */
const LAST_SEC = 300;

/** Starts a process with one agent. */
function startAgent() {
  const child = fork(fileURLToPath(new URL('./mesh/agent.mjs', import.meta.url)), {
    // As the program sets them, and the unit of `ocmesh service install`.
    execArgv: ['--semi-space-growth-factor=1', '--no-parallel-scavenge', '--optimize-for-size'],
    env: { ...process.env, MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' },
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return {
    /** @param {string} name @param {unknown} [input] @returns {Promise<any>} */
    call: (name, input) =>
      new Promise((resolve, reject) => {
        const onExit = () => reject(new Error('the agent ended'));
        child.once('exit', onExit);
        child.once('message', (/** @type {any} */ { output }) => {
          child.off('exit', onExit);
          resolve(output);
        });
        child.send({ name, input });
      }),
    async stop() {
      child.disconnect();
      await exited;
    },
  };
}

/** @param {number} count */
async function day(count) {
  // Close to real time, which HTTP responses show as a relay's clock.
  const clock = createFakeClock(Math.floor(Date.now() / 1000) * 1000);
  const nowSec = () => Math.floor(clock.now() / 1000);
  const crowd = createCrowd(count, nowSec);
  const traffic = createTraffic();
  const random = createSystemRandom();
  let self = '';
  /** @type {Awaited<ReturnType<typeof startCrowdRelay>>[]} */
  const relays = [];
  const friends = createContacts(CONTACTS, clock, crowd.everySec, {
    agent: () => self,
    publish: (event) => {
      for (const relay of relays) relay.publish(event);
    },
  });
  for (const number of urls.keys())
    relays.push(await startCrowdRelay({ number, crowd, clock, random, traffic, onEvent: friends.take }));
  const folder = mkdtempSync(join(tmpdir(), 'ocmesh-bench-'));
  const agent = startAgent();
  const began = performance.now();
  self = await agent.call('start', { urls: relays.map(({ url }) => url), folder, atMs: clock.now() });
  friends.live();
  await agent.call(
    'befriend',
    friends.contacts.map(({ pubkey }) => pubkey),
  );

  const looks = { all: 0, right: 0 };
  /** Seconds from a contact's start until it is shown as online, at most: we look after each step. @type {number[]} */
  const shownAfter = [];
  const waited = new Set();
  const memory = [];
  const steps = (HOURS * 3600) / STEP_SEC;
  for (let step = 0; step < steps; step++) {
    await clock.advance(STEP_SEC * 1000);
    friends.live();
    for (const relay of relays) relay.deliver();
    await agent.call('pass', STEP_SEC * 1000);
    await agent.call('answer');
    const online = new Set(await agent.call('contactsOnline'));
    for (const contact of friends.contacts) {
      const { pubkey, isOn, changedSec } = contact;
      const session = `${pubkey} ${changedSec}`;
      if (step > 30 && isOn && online.has(pubkey) && !waited.has(session))
        shownAfter.push(nowSec() - changedSec + STEP_SEC);
      if (!isOn || online.has(pubkey)) waited.add(session);
      if (step < 30 || step % 6 !== 0 || nowSec() - changedSec <= GRACE_SEC) continue;
      looks.all++;
      if (online.has(pubkey) === isOn) looks.right++;
    }
    if (step % 360 === 359) {
      for (const relay of relays) relay.sweep();
      memory.push((await agent.call('figures')).residentMb);
    }
  }
  const { cpuMs, discovery, known, received } = await agent.call('figures');
  await agent.stop();
  for (const relay of relays) await relay.close();
  rmSync(folder, { recursive: true });
  const due = friends.sent.filter(({ atSec }) => atSec < nowSec() - LAST_SEC);
  const arrived = new Set(received);
  const twice = (/** @type {readonly string[]} */ texts) => texts.length - new Set(texts).size;
  return {
    count,
    tookSec: (performance.now() - began) / 1000,
    megabytes: (traffic.bytes / 1e6) * (24 / HOURS),
    bytesOf: traffic.bytesOf,
    allMegabytes: (traffic.allBytes / 1e6) * (24 / HOURS),
    events: traffic.events * (24 / HOURS),
    queries: traffic.queries * (24 / HOURS),
    perSecond: crowd.perSecond,
    rightPercent: (100 * looks.right) / looks.all,
    shownAfterSec: median(shownAfter),
    cpuPercent: cpuMs / (HOURS * 36_000),
    memory: median(memory),
    mostMemory: Math.max(...memory),
    known,
    estimate: discovery.mesh,
    sampled: discovery.sampled_relays.length,
    messages: due.length,
    lost: due.filter(({ text }) => !arrived.has(text)).length,
    answered: friends.received.length,
    twice: twice(received) + twice(friends.received),
  };
}

/** Fits `a · N^b` to what was measured from 1,000 agents on, and says what that gives for a million. @param {any[]} rows */
function model(rows) {
  const measured = rows.filter(({ count }) => count >= 1_000);
  const name = `${MODELLED} agents (model, `;
  const fitted = (/** @type {(row: any) => number} */ of) => {
    const xs = measured.map(({ count }) => Math.log(count));
    const ys = measured.map((row) => Math.log(of(row)));
    const mean = (/** @type {number[]} */ all) => all.reduce((sum, one) => sum + one, 0) / all.length;
    const [x, y] = [mean(xs), mean(ys)];
    const products = xs.map((one, n) => (one - x) * (Number(ys[n]) - y));
    const slope = mean(products) / mean(xs.map((one) => (one - x) ** 2));
    return { slope, at: Math.exp(y + slope * (Math.log(MODELLED) - x)) };
  };
  const bytes = fitted(({ megabytes }) => megabytes);
  figure(`${name}~N^${bytes.slope.toFixed(3)}): received for discovery in a day`, bytes.at, {
    unit: 'MB',
    atMost: 50,
  });
  // From 36,000 agents on a relay on, all announce themselves once an hour: more of them change nothing for a contact.
  figure(
    `${name}as at ${measured.at(-1).count}): contacts' state right two scans after a change`,
    measured.at(-1).rightPercent,
    {
      unit: '%',
      atLeast: 99,
    },
  );
  figure(`${name}by the rules): presences on one relay`, rulesFor(MODELLED).perSecond, {
    unit: '/s',
    atMost: 60,
  });
}

/** @param {Awaited<ReturnType<typeof day>>} row */
function report(row) {
  const { count } = row;
  const name = `${count} agents: `;
  console.log(
    `  ${name}${row.sampled} of ${urls.length} relays sampled, ${row.known} known, ${row.events.toFixed(0)} presences and ` +
      `${row.queries.toFixed(0)} queries a day, estimate ${row.estimate?.agents} ± ${row.estimate?.error}, ` +
      `${row.messages} messages, ${row.answered} answers received, ${row.tookSec.toFixed(0)} s`,
  );
  const kinds = Object.entries(row.bytesOf).sort(([, one], [, other]) => other - one);
  console.log(
    `  ${name}MB a day: ${kinds.map(([kind, bytes]) => `${kind} ${((bytes / 1e6) * (24 / HOURS)).toFixed(1)}`).join(', ')}`,
  );
  const point = (/** @type {string} */ curve) => ({ curve, at: count });
  figure(`${name}received for discovery in a day`, row.megabytes, {
    unit: 'MB',
    atMost: 50,
    ...point('MB received for discovery in a day'),
  });
  figure(`${name}received in all in a day`, row.allMegabytes, {
    unit: 'MB',
    ...point('MB received in all in a day'),
  });
  const most = count <= 1_000 ? 4 : count <= 10_000 ? 11 : 30;
  figure(`${name}presences on one relay`, row.perSecond, {
    unit: '/s',
    atMost: most,
    ...point('Presences a second on one relay'),
  });
  figure(`${name}contacts' state right two scans after a change`, row.rightPercent, {
    unit: '%',
    atLeast: 99,
    ...point("Contacts' state right two scans after a change, %"),
  });
  figure(`${name}a contact that starts is shown after`, row.shownAfterSec, {
    unit: 's',
    ...point('Seconds until a contact is shown as online'),
  });
  figure(`${name}CPU`, row.cpuPercent, { unit: '%', ...point('CPU, % of a core') });
  figure(`${name}resident memory`, row.memory, { unit: 'MB', atMost: 130, ...point('MB resident') });
  figure(`${name}most resident memory at the end of an hour`, row.mostMemory, { unit: 'MB' });
  figure(`${name}messages lost`, row.lost, { unit: '', atMost: 0 });
  figure(`${name}messages shown twice`, row.twice, { unit: '', atMost: 0 });
}

export async function run() {
  const rows = [];
  for (const size of SIZES) {
    const row = await day(size);
    rows.push(row);
    report(row);
  }
  model(rows);
  const all = rows.filter(({ count }) => count >= 1_000).map(({ megabytes }) => megabytes);
  figure('received in a day, most / least from 1,000 agents on', Math.max(...all) / Math.min(...all), {
    unit: '×',
    atMost: 2,
  });
  if (process.env['MESH_JSON']) writeFileSync(process.env['MESH_JSON'], JSON.stringify(rows, null, 2));
  if (!process.env['MESH_ONLY_DAYS']) await measureStart();
}

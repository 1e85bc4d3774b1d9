// What has to hold for every client that is woken: a contact's message starts a turn, a stranger's does not, and no word of a
// peer reaches the model.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createSeededRandom, until } from '@ocmesh/testkit';
import { check } from './report.mjs';

/** @typedef {import('@ocmesh/testkit').RunningAgent} Agent */

/** In every message of a peer, and in no text of ours. */
export const WORDS = 'crocodile umbrella';
/** Time in which a stranger's message would have started a turn. */
const NOTHING_MS = 10_000;

/**
 * @param {object} client
 * @param {() => readonly string[]} client.seen what the model was asked so far, each request as text
 * @param {number} client.withinSeconds time in which a contact's message has to start a turn
 * @param {{ alice: Agent, contact: Agent, stranger: Agent }} agents alice's client is watching
 */
export async function checkWho({ seen, withinSeconds }, { alice, contact, stranger }) {
  const before = seen().length;
  const unread = async () => (await alice.api.getStatus({})).unread_count;
  const first = await unread();
  await stranger.api.sendMessage({ to: alice.pubkey, content: `${WORDS}, says a stranger` });
  await until(async () => (await unread()) === first + 1);
  await pause(NOTHING_MS);
  check(
    `a stranger's message in the inbox: ${seen().length - before} model requests in ${NOTHING_MS / 1000} s`,
    seen().length === before,
  );
  const from = seen().length;
  const sentAt = performance.now();
  const { id } = await contact.api.sendMessage({ to: alice.pubkey, content: `${WORDS}, says a contact` });
  await until(() => seen().length > from);
  const seconds = (performance.now() - sentAt) / 1000;
  check(
    `a contact's message: a model request after ${seconds.toFixed(1)} s, at most ${withinSeconds} s`,
    seconds <= withinSeconds,
  );
  check(
    `it has the id ${id.slice(0, 12)}…`,
    seen()
      .slice(from)
      .some((request) => request.includes(id)),
  );
  checkWords(seen());
}

/** @param {readonly string[]} seen */
function checkWords(seen) {
  const told = seen.filter((request) => request.includes(WORDS)).length;
  check(`words of peers in ${told} of ${seen.length} requests`, told === 0);
}

const BURST = 100;
/** Two quiet times of a watcher: what follows the first line is announced by then. */
const AFTER_BURST_MS = 60_000;

/**
 * @param {{ seen: () => readonly string[] }} client
 * @param {{ alice: Agent, contact: Agent }} agents
 */
export async function checkBurst({ seen }, { alice, contact }) {
  await pause(AFTER_BURST_MS / 2);
  const from = seen().length;
  for (let n = 0; n < BURST; n++) {
    await contact.owner.sendMessage({ to: alice.pubkey, content: `${WORDS} ${n}` });
    await pause(10_000 / BURST);
  }
  await pause(AFTER_BURST_MS);
  const requests = seen().slice(from);
  // The newest one, if the client's session has earlier ones as well.
  const counts = requests.flatMap(
    (request) => [...request.matchAll(/ocmesh: message: (\d+) unread/g)].at(-1)?.[1] ?? [],
  );
  for (const request of requests.filter((one) => !/ocmesh: message: \d/.test(one)))
    console.log(
      `       another request ends with ${JSON.stringify(JSON.parse(request).messages?.slice(-2)).slice(-900)}`,
    );
  check(
    `${BURST} messages in 10 s: ${requests.length} model requests, at most 3; ${counts.length} announce ${counts.join(' + ')} messages`,
    counts.length > 0 && requests.length <= 3,
  );
  checkWords(seen());
}

/** Ids that a request to the model announces. @param {string} request @returns {string[]} */
export const idsIn = (request) =>
  (request.match(/ocmesh: message: \d+ unread: [^\\\n]*/g) ?? []).flatMap(
    (line) => line.match(/\b[0-9a-f]{32,64}(?= from )/g) ?? [],
  );

/** The process that runs the watcher of this name, or ran it last. @param {string} home @param {string} name @returns {number | null} */
export function watcherOf(home, name) {
  try {
    return JSON.parse(readFileSync(join(home, 'watch', `${name}.json`), 'utf8')).process.pid;
  } catch {
    return null;
  }
}

const MESSAGES = 20;

/**
 * Kills watcher and daemon at random while messages arrive.
 * @param {object} client
 * @param {() => readonly string[]} client.seen
 * @param {boolean} [client.remembers] whether each request has what the earlier ones had
 * @param {string} client.watcher its name
 * @param {number} client.watcherKills how often the client may start it again
 * @param {() => void} [client.restart] makes the client start it, if it does not by itself
 * @param {{ alice: Agent, contact: Agent, mesh: import('@ocmesh/testkit').ProcessMesh, relayUrl: string }} agents
 */
export async function checkKills(
  { seen, remembers = false, watcher, watcherKills, restart },
  { alice, contact, mesh, relayUrl },
) {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
  console.log(`       seed ${seed}`);
  const random = createSeededRandom(seed);
  const from = seen().length;
  const sent = /** @type {string[]} */ ([]);
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
    if (random.unit() < 0.25 && kills.watcher < watcherKills) {
      const pid = watcherOf(alice.home, watcher);
      if (pid === null) continue;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has just ended: the next one is not yet there.
        continue;
      }
      kills.watcher++;
      restart?.();
      await until(() => watcherOf(alice.home, watcher) !== pid, { quietMs: 300_000 });
    }
  }
  const announced = () =>
    seen()
      .slice(remembers ? -1 : from)
      .flatMap(idsIn);
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

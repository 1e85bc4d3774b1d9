// What has to hold for every client that is woken: a contact's message starts a turn, a stranger's does not, and no word of a
// peer reaches the model.
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@ocmesh/testkit';
import { check } from './report.mjs';

/** @typedef {import('@ocmesh/testkit').RunningAgent} Agent */

/** In every message of a peer, and in no text of ours. */
const WORDS = 'crocodile umbrella';
/** Time in which a stranger's message would have started a turn. */
const NOTHING_MS = 10_000;

/**
 * @param {object} client
 * @param {readonly string[]} client.seen what the model was asked, the request as text
 * @param {number} client.withinSeconds time in which a contact's message has to start a turn
 * @param {{ alice: Agent, contact: Agent, stranger: Agent }} agents alice's client is watching
 */
export async function checkWho({ seen, withinSeconds }, { alice, contact, stranger }) {
  const before = seen.length;
  await stranger.api.sendMessage({ to: alice.pubkey, content: `${WORDS}, says a stranger` });
  await until(async () => (await alice.api.getStatus({})).unread_count === 1);
  await pause(NOTHING_MS);
  check(
    `a stranger's message in the inbox: ${seen.length - before} model requests in ${NOTHING_MS / 1000} s`,
    seen.length === before,
  );
  const from = seen.length;
  const sentAt = performance.now();
  const { id } = await contact.api.sendMessage({ to: alice.pubkey, content: `${WORDS}, says a contact` });
  await until(() => seen.length > from);
  const seconds = (performance.now() - sentAt) / 1000;
  check(
    `a contact's message: a model request after ${seconds.toFixed(1)} s, at most ${withinSeconds} s`,
    seconds <= withinSeconds,
  );
  check(
    `it has the id ${id.slice(0, 12)}…`,
    seen.slice(from).some((request) => request.includes(id)),
  );
  checkWords(seen);
}

/** @param {readonly string[]} seen */
function checkWords(seen) {
  const told = seen.filter((request) => request.includes(WORDS)).length;
  check(`words of peers in ${told} of ${seen.length} requests`, told === 0);
}

// Compares the daemon's crypto engine with nostr-tools: same events, same run, in alternating order.
import * as nip04 from 'nostr-tools/nip04';
import { verifyEvent } from 'nostr-tools/pure';
import { createWasmEngine } from '../packages/daemon/dist/adapters/crypto/wasm-engine.js';
import { figure, median } from './report.mjs';

const ROUNDS = 9;
const EVENTS = 64;
const OPENED = 2_000;
const engine = createWasmEngine();
const secretKey = Buffer.alloc(32, 1);
const peerSecretKey = Buffer.alloc(32, 2);
const pubkey = engine.publicKey(secretKey);
const peer = engine.publicKey(peerSecretKey);

/** Returns runs per second. @param {number} times @param {(n: number) => unknown} work */
function rate(times, work) {
  const began = performance.now();
  for (let n = 0; n < times; n++) if (!work(n)) throw new Error('a wrong result');
  return (times * 1000) / (performance.now() - began);
}

/** Returns the medians of our rate and of the ratio. @param {(round: number) => { ours: number, theirs: number }} turn */
function compare(turn) {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => turn(round));
  return {
    ours: median(rounds.map(({ ours }) => ours)),
    ratio: median(rounds.map(({ ours, theirs }) => ours / theirs)),
  };
}

export async function run() {
  const events = Array.from({ length: EVENTS }, (_, n) =>
    JSON.stringify(
      engine.sign(
        { kind: 1, created_at: 1_700_000_000 + n, tags: [['p', peer]], content: 'x'.repeat(300) },
        secretKey,
      ),
    ),
  );
  const verification = compare((round) => {
    // nostr-tools marks events it has verified, and would not verify them again.
    const fresh = () => events.map((text) => JSON.parse(text));
    const [forOurs, forTheirs] = [fresh(), fresh()];
    const sides = {
      ours: () => rate(EVENTS, (n) => engine.verify(forOurs[n])),
      theirs: () => rate(EVENTS, (n) => verifyEvent(forTheirs[n])),
    };
    return inTurn(round, sides);
  });
  figure('verify, our rate', verification.ours, { unit: '/s' });
  figure('verify / nostr-tools', verification.ratio, { unit: '×', atLeast: 4 });

  const sealed = nip04.encrypt(peerSecretKey, pubkey, 'x'.repeat(1_000));
  const isRight = (/** @type {string} */ text) => text.length === 1_000;
  const opening = compare((round) =>
    inTurn(round, {
      ours: () => rate(OPENED, () => isRight(engine.nip04.open(secretKey, peer, sealed))),
      theirs: () => rate(EVENTS, () => isRight(nip04.decrypt(secretKey, peer, sealed))),
    }),
  );
  figure('NIP-04 open with a known peer, our rate', opening.ours, { unit: '/s' });
  figure('NIP-04 open with a known peer / nostr-tools', opening.ratio, { unit: '×', atLeast: 100 });
}

/** Runs both sides, in an order that alternates between rounds. @param {number} round @param {{ ours: () => number, theirs: () => number }} sides */
function inTurn(round, { ours, theirs }) {
  if (round % 2 === 0) return { ours: ours(), theirs: theirs() };
  const second = theirs();
  return { ours: ours(), theirs: second };
}

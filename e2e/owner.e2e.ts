import { type NostrEvent, parseEvent } from '@ocmesh/shared/wire';
import { connectRelay, type RunningAgent, until } from '@ocmesh/testkit';
import { generateSecretKey, getPublicKey } from 'nostr-tools';
import { wrapEvent } from 'nostr-tools/nip17';
import { afterEach, expect, it } from 'vitest';
import { createMesh } from './support/mesh.ts';
import { runOcmesh } from './support/run-ocmesh.ts';
import { type RustClient, startRustClient, stopRustClients } from './support/rust-client.ts';

// The phone is rust-nostr, and the strangers are nostr-tools, so that our code is not tested against itself.

afterEach(stopRustClients);

const STRANGERS = 50;

/** Lets strangers with new keys write at once. @returns their keys by what they wrote */
async function knock(relayUrl: string, agent: RunningAgent): Promise<Map<string, string>> {
  const client = await connectRelay(relayUrl, null);
  const keys = new Map<string, string>();
  const wraps = Array.from({ length: STRANGERS }, (_, n) => {
    const secretKey = generateSecretKey();
    keys.set(`I am stranger ${n}.`, getPublicKey(secretKey));
    const wrap = wrapEvent(secretKey, { publicKey: agent.pubkey }, `I am stranger ${n}.`);
    return parseEvent(wrap) as NostrEvent;
  });
  await Promise.all(wraps.map((wrap) => client.publish(wrap)));
  await client.close();
  return keys;
}

/** Reads from a message which number stands for which text of a stranger. */
const numbersIn = (text: string): Map<number, string> =>
  new Map(
    [...text.matchAll(/^Request (\d+): .*\n> (.*)$/gm)].map(([, number, words = '']) => [
      Number(number),
      words,
    ]),
  );

const shown = async (phone: RustClient, text: string): Promise<string> =>
  (await phone.waitFor((message) => message.sealed === 'NIP-17' && message.text.includes(text))).text;

it('decides about strangers from any Nostr app, once for each request, and over a restart', async () => {
  const mesh = createMesh();
  const relay = await mesh.startRelay(['--open-dms']);
  let alice = await mesh.startAgent('alice', [relay.url]);
  await alice.owner.setPolicy({ strangers: 'ask' });
  const [phone, thief] = [await startRustClient(relay.url), await startRustClient(relay.url)];
  const ocmesh = (...args: string[]) => runOcmesh(alice.home, args, { OCMESH_HOME: alice.home });

  const named = await ocmesh('owner', phone.pubkey);
  const code = /^ {2}(\d{3} \d{3})$/m.exec(named.stdout)?.[1] ?? '';
  await shown(phone, 'reply with the code that is shown there');
  await phone.sendNip17(alice.pubkey, code);
  await shown(phone, 'You now decide for the agent alice');
  expect((await ocmesh('owner')).stdout).toContain('decides about requests.');

  const keys = await knock(relay.url, alice);
  await until(async () => (await alice.owner.listRequests({})).length === STRANGERS);
  const numbers = await until(() => {
    const found = new Map(phone.received.flatMap(({ text }) => [...numbersIn(text)]));
    return found.size >= 4 ? found : null;
  });
  // The rest follows a minute later.
  expect(numbers.size).toBeLessThanOrEqual(10);
  const strangers = [...numbers].filter(([, words]) => keys.has(words));
  const [first, second, third, fourth] = strangers.map(([number, words]) => ({
    number,
    pubkey: keys.get(words) ?? '',
  }));
  if (!first || !second || !third || !fourth) throw new Error('too few requests on the phone');
  const trustOf = async ({ pubkey }: typeof first) => (await alice.api.getPeer({ pubkey })).trust;

  await thief.sendNip17(alice.pubkey, `${fourth.number} 1`);
  await phone.sendNip17(alice.pubkey, `${first.number} 1`);
  await phone.sendNip17(alice.pubkey, `${second.number} 2`);
  await phone.sendNip17(alice.pubkey, `${third.number} 3`);
  for (const [one, said] of [
    [first, 'accepted'],
    [second, 'refused'],
    [third, 'blocked'],
  ] as const)
    await shown(phone, `${one.number}: ${said}`);
  expect(await Promise.all([first, second, third, fourth].map(trustOf))).toEqual([
    'contact',
    'stranger',
    'blocked',
    'stranger',
  ]);
  await phone.sendNip17(alice.pubkey, `${first.number} 3`);
  await shown(phone, `${first.number} was answered already, with 1`);
  // Neither of them is an answer.
  await phone.sendNip04(alice.pubkey, `${fourth.number} 1`);
  await shown(phone, 'Reply with the number of a request');
  expect(await trustOf(first)).toBe('contact');
  expect(await trustOf(fourth)).toBe('stranger');

  // The relay sends all of it again, and the desk has decided otherwise meanwhile.
  await alice.owner.updatePeer({ pubkey: first.pubkey, trust: 'stranger' });
  await alice.kill();
  alice = await mesh.startAgent('alice', [relay.url]);
  await phone.sendNip17(alice.pubkey, `${fourth.number} 1`);
  await shown(phone, `${fourth.number}: accepted`);
  expect(await Promise.all([first, fourth].map(trustOf))).toEqual(['stranger', 'contact']);
  // Nothing of the phone reached the agent, and nothing but gift wraps reached the phone.
  const { items } = await alice.api.listMessages({});
  expect(items.filter(({ from }) => from === phone.pubkey)).toEqual([]);
  expect(new Set(phone.received.map(({ sealed }) => sealed))).toEqual(new Set(['NIP-17']));
  await expect(alice.api.sendMessage({ to: phone.pubkey, content: 'Reply 12 1' })).rejects.toMatchObject({
    code: 'owner_key',
  });
});

// Counts what ocmesh costs a model, in tokens of o200k: the list of tools, the skill, typical results. Names what is over its limit,
// and fails. Needs the build.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { aMessage, aPeer, aSentMessage, aStatus, createSeededRandom } from '@ocmesh/testkit';
import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { createMcpServer } from '../packages/mcp-server/dist/server.js';

const random = createSeededRandom(1);
/** Ids and keys as random as real ones: repeated digits would cost less. @param {number} bytes */
const hex = (bytes) => Buffer.from(random.bytes(bytes)).toString('hex');

const sentence =
  'I translate contracts, letters and technical manuals from Portuguese, Spanish and Greek into English, and answer within an hour. ' +
  'Ask me for a price before you send a whole book, please.';
const peers = Array.from({ length: 20 }, (_, i) =>
  aPeer({
    pubkey: hex(32),
    name: `agent-${hex(2)}`,
    about: sentence.slice(0, 60 + 4 * i),
    capabilities: ['translation', 'weather-forecast', 'legal-research'].slice(0, 1 + (i % 3)),
    online: i % 2 === 0,
  }),
);
const messages = Array.from({ length: 10 }, (_, i) =>
  aMessage({
    id: hex(16),
    from: hex(32),
    from_name: `agent-${hex(2)}`,
    cursor: `${1234 + i}`,
    content: sentence.slice(0, 200).padEnd(200, '.'),
  }),
);
const sent = aSentMessage({ id: hex(16) });

/** A daemon with these peers and messages. */
const handlers = /** @type {any} */ ({
  getStatus: async () => aStatus({ unread_count: 10 }),
  listPeers: async () => ({ items: peers, next_cursor: `1780000000000-${hex(32)}` }),
  listMessages: async () => ({ items: messages, next_cursor: '1243' }),
  sendMessage: async () => ({ id: sent.id, to: sent.to, timestamp: sent.timestamp, state: 'queued' }),
  getMessage: async () => sent,
});
const server = createMcpServer({ handlers, mayTrust: async () => false, random, onProblem: console.error });
const client = new Client({ name: 'tokens', version: '1.0.0' });
const [near, far] = InMemoryTransport.createLinkedPair();
await server.connect(far);
await client.connect(near);

/** The text of a result. @param {string} name @param {Record<string, unknown>} args */
async function call(name, args) {
  const result = await client.callTool({ name, arguments: args });
  if (result.isError) throw new Error(JSON.stringify(result.content));
  return /** @type {{ text: string }[]} */ (result.content)[0]?.text ?? '';
}

const skill = fileURLToPath(new URL('../skill/SKILL.md', import.meta.url));
/** @type {[what: string, text: string, limit: number][]} */
const costs = [
  ['tools/list', JSON.stringify((await client.listTools()).tools), 1600],
  ['skill/SKILL.md', readFileSync(skill, 'utf8'), 1000],
  ['list_peers with 20 peers', await call('list_peers', { limit: 20 }), 1300],
  ['send_message without an answer', await call('send_message', { to: sent.to, content: 'hello' }), 120],
  ['list_messages with 10 of 200 characters', await call('list_messages', { unread: true }), 1300],
];
await client.close();
const over = costs.filter(([what, text, limit]) => {
  const tokens = encode(text).length;
  console.log(`${String(tokens).padStart(6)} of ${String(limit).padStart(5)}  ${what}`);
  return tokens > limit;
});
if (over.length > 0) console.error(`Over its limit: ${over.map(([what]) => what).join(', ')}`);
process.exitCode = over.length > 0 ? 1 : 0;

import { Agent, type IncomingMessage, request } from 'node:http';
import { errorCatalogue, type Operation, type OperationName, operations } from '@ocmesh/shared/contract';
import { createSeededRandom } from '@ocmesh/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { listen } from '../../src/adapters/http/server.ts';
import { modern } from '../support/fake-peer.ts';
import { mutate } from '../support/mutate.ts';
import { plainRequest } from '../support/plain-request.ts';
import { type Chance, seededChance } from '../support/seed.ts';
import { createTestMesh, settle } from '../support/test-agent.ts';
import { watchProcess } from '../support/watch-process.ts';

// Sends broken HTTP requests to a whole agent.

const REQUESTS = Number(process.env['SOAK_REQUESTS'] ?? 1_000);
const WARM_UP = 500;
const AT_ONCE = 16;
const token = 't'.repeat(43);
/** Longer than the longest wait for a message. */
const PATIENCE_MS = 60_000;
/** Documented server errors: the daemon is degraded. */
const allowed = [503];

interface Shot {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface Hit {
  readonly status: number;
  readonly text: string;
}

const names = Object.keys(operations) as OperationName[];

/** Makes a request for one of the routes, with something wrong in its path, query, headers or body. */
function shoot(chance: Chance, to: string): Shot {
  const name = chance.pick(names);
  const row: Operation = operations[name];
  const plain = plainRequest(name);
  const fields = Object.keys(row.input.properties);
  const [path = '', query = ''] = plain.path.split('?');
  const headers: Record<string, string> = chance.happens(0.5) ? { authorization: `Bearer ${token}` } : {};
  for (const header of Object.values(row.headers ?? {}))
    if (chance.happens(0.3))
      headers[header] = mutate('key-1', chance).replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
  const value = (): string =>
    encodeURIComponent(toWellFormed(mutate(chance.pick(['true', '5', to, 'x', '-1']), chance)));
  const asked = chance.happens(0.5)
    ? query
    : fields
        .filter(() => chance.happens(0.3))
        .concat(chance.happens(0.1) ? ['__proto__', 'x', 'limit'] : [])
        .map(
          (field) =>
            `${field}=${chance.happens(0.2) ? chance.pick(['%', '%zz', '%00', '', '%ff']) : value()}`,
        )
        .join('&');
  const spoiled = chance.happens(0.2)
    ? `${path}/${value()}`
    : path.replace('mid', value().slice(0, 300) || 'x');
  let body = '';
  if (plain.body !== null) {
    headers['content-type'] = 'application/json';
    const extra = Object.fromEntries(
      fields
        .filter(() => chance.happens(0.3))
        .map((field) => [field, chance.pick([1, 'x', null, [], {}, true])]),
    );
    const text = JSON.stringify({ ...JSON.parse(plain.body), ...extra }).replace('ab'.repeat(32), to);
    body = chance.happens(0.1) ? text : mutate(text, chance);
  }
  return { method: row.method, path: asked ? `${spoiled}?${asked}` : spoiled, headers, body };
}

const toWellFormed = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');

test(`${REQUESTS} broken HTTP requests do no harm`, { timeout: 3_600_000 }, async () => {
  const chance = seededChance('requests');
  const watch = watchProcess('requests');
  const world = createTestMesh();
  const testAgent = await world.start();
  const bob = world.fakePeer('bob');
  world.relay.push(bob.presence({ features: modern }), bob.dm(testAgent.pubkey, 'hello'));
  await settle(world.clock);
  const deps = { clock: world.clock, random: createSeededRandom(3), log: testAgent.log };
  const server = await listen(0, testAgent.agent.handlers, deps, { auth: 'none', token: () => token });
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  onTestFinished(async () => {
    agent.destroy();
    const closed = server.close();
    await world.clock.advance(10_000);
    await closed;
  });

  const send = ({ method, path, headers, body }: Shot): Promise<Hit> =>
    new Promise((resolve, reject) => {
      const hit = (response: IncomingMessage): void => {
        const { statusCode: status = 0 } = response;
        // A stream does not end by itself.
        if (response.headers['content-type'] === 'text/event-stream') response.destroy();
        let text = '';
        response.on('data', (data) => {
          text += data;
        });
        response.on('close', () => resolve({ status, text }));
      };
      request({ port: server.port, host: '127.0.0.1', method, path, headers, agent }, hit)
        .on('error', (error) =>
          reject(new Error(`${error} after ${JSON.stringify({ method, path, headers, body })}`)),
        )
        .end(body);
    });

  const seen = new Map<number, number>();
  async function fire(count: number): Promise<void> {
    for (let fired = 0; fired < count; fired += AT_ONCE) {
      const shots = Array.from({ length: AT_ONCE }, () => shoot(chance, bob.pubkey));
      let isDone = false;
      const hits = Promise.all(shots.map(send)).finally(() => {
        isDone = true;
      });
      for (let turn = 0; !isDone; turn++) {
        await new Promise((resolve) => setImmediate(resolve));
        if (turn % 200 === 199) await world.clock.advance(turn > 1_000 ? PATIENCE_MS : 0);
        else await world.clock.advance(0);
      }
      for (const [index, { status, text }] of (await hits).entries()) {
        seen.set(status, (seen.get(status) ?? 0) + 1);
        const shot = JSON.stringify(shots[index]);
        expect(status < 500 || allowed.includes(status), `${status} ${text} after ${shot}`).toBe(true);
        if (status < 400 || status === 503) continue;
        const { error, message, hint } = JSON.parse(text);
        expect([error in errorCatalogue, typeof message, typeof hint], shot).toEqual([
          true,
          'string',
          'string',
        ]);
      }
    }
  }

  await fire(WARM_UP);
  await watch.begin();
  await fire(REQUESTS);
  console.log(`requests: ${JSON.stringify(Object.fromEntries(seen))}`);
  await watch.expectUnharmed();
  expect(testAgent.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  // Requests succeeded, and every kind of refusal occurred.
  expect([...seen.keys()]).toEqual(expect.arrayContaining([200, 400, 404]));
  expect(await send({ method: 'GET', path: '/healthz', headers: {}, body: '' })).toMatchObject({
    status: 200,
  });
});

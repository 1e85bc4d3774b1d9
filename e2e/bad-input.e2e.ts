import { createServer } from 'node:http';
import { actor, until, waitForMessages } from '@ocmesh/testkit';
import { describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { createMesh, startPair } from './support/mesh.ts';

const stranger = actor('nobody ever met').pubkey;

describe('bad input', () => {
  it('gets a clear error over REST and harms nothing', async () => {
    const { alice, bob } = await startPair();
    const send = (body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
      fetch(`${alice.url}/send`, {
        method: 'POST',
        headers,
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
    const to = bob.pubkey;

    const refusals: [Response, number, string][] = [
      [await send({ to: 'nonsense', content: 'x' }), 400, 'invalid_pubkey'],
      [await send({ to: stranger, content: 'x' }), 400, 'peer_unknown'],
      [await send({ to: alice.pubkey, content: 'x' }), 400, 'peer_unknown'],
      [await send({ to, content: '' }), 400, 'invalid_request'],
      [await send({ to }), 400, 'invalid_request'],
      [await send({ to, content: '😀'.repeat(4097) }), 413, 'content_too_large'],
      [await send({ to, content: 'x', data: { big: 'y'.repeat(30_000) } }), 413, 'content_too_large'],
      [await send({ to, content: 'x\u0000y' }), 400, 'invalid_request'],
      [await send({ to, content: 'x', type: 'delivered' }), 400, 'invalid_request'],
      [await send('{"to":'), 400, 'invalid_json'],
      [
        await send('to=x&content=y', { 'content-type': 'application/x-www-form-urlencoded' }),
        415,
        'unsupported_media_type',
      ],
      [await send(`{"to":"${to}","content":"x","pad":"${'z'.repeat(70_000)}"}`), 413, 'body_too_large'],
      [await fetch(`${alice.url}/peers?limit=0`), 400, 'invalid_request'],
      [await fetch(`${alice.url}/peers?online=maybe`), 400, 'invalid_request'],
      [await fetch(`${alice.url}/messages/${'0'.repeat(32)}`), 404, 'message_unknown'],
      [await fetch(`${alice.url}/peers/${stranger}`), 404, 'peer_unknown'],
      [await fetch(`${alice.url}/nowhere`), 404, 'not_found'],
      [await fetch(`${alice.url}/send`), 405, 'method_not_allowed'],
    ];
    for (const [response, status, code] of refusals) {
      const body = (await response.json()) as { error: string; message: string; hint: string };
      expect({ status: response.status, code: body.error }).toEqual({ status, code });
      expect(body.message).toMatch(/\S{3}/);
      expect(body.hint).toMatch(/\S{3}/);
      if (code === 'peer_unknown') expect(body.message).toContain('peer unknown');
    }

    expect((await send({ to, content: '😀'.repeat(4096) })).status).toBe(200);
    const { messages } = await waitForMessages(bob);
    expect(messages.map(({ content }) => content)).toEqual(['😀'.repeat(4096)]);
  });

  it('accepts only its own Host', async () => {
    const mesh = createMesh();
    const alice = await mesh.startAgent('alice', ['ws://127.0.0.1:9']);
    // fetch does not let a program set Host; a page that rebinds its name does exactly this.
    const { request } = await import('node:http');
    const status = await new Promise((resolve, reject) => {
      request(`${alice.url}/messages`, { headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  });

  it('from a relay is counted and dropped: garbage, huge frames, bad signatures', async () => {
    const mesh = createMesh();
    const honest = await mesh.startRelay();
    const server = createServer((_, response) => response.end('no document'));
    const hostile = new WebSocketServer({ server });
    hostile.on('connection', (socket) => {
      socket.on('error', () => {});
      socket.on('message', (data) => {
        const [type, subscription] = JSON.parse(String(data));
        if (type !== 'REQ') return;
        const forged = {
          id: '0'.repeat(64),
          pubkey: stranger,
          created_at: Math.floor(Date.now() / 1000),
          kind: 31337,
          tags: [
            ['d', 'ocmesh-presence'],
            ['app', 'ocmesh'],
          ],
          content: 'ocmesh-agent-online',
          sig: '0'.repeat(128),
        };
        socket.send('not json');
        socket.send('["EVENT"]');
        socket.send(Buffer.from([1, 2, 3]));
        socket.send(JSON.stringify(['EVENT', subscription, forged]));
        socket.send(JSON.stringify(['EVENT', subscription, { ...forged, tags: 'none' }]));
        if (subscription === 'dm') socket.send(JSON.stringify(['NOTICE', 'x'.repeat(300 * 1024)]));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const hostileUrl = typeof address === 'object' && address ? `ws://127.0.0.1:${address.port}` : '';

    const alice = await mesh.startAgent('alice', [hostileUrl, honest.url]);
    const bob = await mesh.startAgent('bob', [honest.url]);
    await mesh.meet(alice, bob);
    const refused = async () => (await alice.api.getStatus({})).refused_events;
    await until(
      async () => {
        const counts = await refused();
        return ['garbage_frame', 'frame_too_large', 'bad_signature'].every((reason) => counts[reason]);
      },
      { moves: refused },
    );
    expect((await alice.api.getStatus({})).known_peer_count).toBe(1);
    await bob.api.sendMessage({ to: alice.pubkey, content: 'still there?' });
    expect((await waitForMessages(alice)).messages).toHaveLength(1);
    hostile.close();
    for (const socket of hostile.clients) socket.terminate();
    server.close();
  });
});

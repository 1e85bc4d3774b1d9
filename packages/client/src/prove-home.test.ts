import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from 'vitest';
import { proveHome } from './prove-home.ts';

const daemon = { url: 'http://127.0.0.1:1', home: '/home', secret: null, mustProve: false, isUnseen: false };

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

test('a connection that was refused before the proof fails at once', async () => {
  const port = await unusedPort();
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('close', resolve));
  // Without an end, a command would exit with 13: nothing else keeps its process alive.
  await expect(proveHome(socket, port, daemon)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a connection that was closed before the proof fails at once', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  socket.destroy();
  await expect(proveHome(socket, port, daemon)).rejects.toThrow('no connection');
  server.close();
});

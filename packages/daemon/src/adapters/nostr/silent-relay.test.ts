import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openNetwork, until } from '../../../test/support/open-network.ts';

/** Starts a TCP server with this handler. */
async function listen(onSocket: (socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each<[string, (socket: Socket) => void]>([
  ['accepts the connection and never upgrades it', () => {}],
  [
    'responds to the upgrade one byte at a time',
    (socket) => {
      const response = `HTTP/1.1 101 Switching Protocols\r\nx: ${'x'.repeat(10_000)}`;
      let sent = 0;
      const drip = setInterval(() => socket.write(response[sent++] ?? 'x'), 2);
      socket.on('close', () => clearInterval(drip));
    },
  ],
])('a relay that %s is disconnected after ten seconds and tried again', async (_, onSocket) => {
  let sockets = 0;
  const url = await listen((socket) => {
    sockets++;
    onSocket(socket);
  });
  const { clock, relay, log } = openNetwork([url]);
  // The second one is for the NIP-11 document.
  await until(() => expect(sockets).toBe(2));
  await clock.advance(9_999);
  expect(relay().state).toBe('connecting');
  await clock.advance(1);
  await until(() => expect(relay().state).toBe('disconnected'));
  expect(relay().lastError).toContain('handshake has timed out');
  expect(log.lines).toContainEqual(expect.objectContaining({ message: 'connection timeout' }));
  await clock.advance(1_000);
  expect(relay().state).toBe('connecting');
});

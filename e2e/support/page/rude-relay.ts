import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';

/** Starts a relay that refuses everything, each time with the next of these reasons. */
export async function startRudeRelay(reasons: readonly string[]) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  let next = 0;
  const reason = (): string => reasons[next++ % reasons.length] ?? '';
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const [kind, subject] = JSON.parse(String(data)) as [string, string & { id: string }];
      if (kind === 'EVENT') socket.send(JSON.stringify(['OK', subject.id, false, reason()]));
      if (kind === 'REQ') socket.send(JSON.stringify(['CLOSED', subject, reason()]));
      socket.send(JSON.stringify(['NOTICE', reason()]));
    });
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close(): Promise<void> {
      for (const socket of server.clients) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

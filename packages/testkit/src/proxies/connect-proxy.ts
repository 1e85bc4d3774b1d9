import type { Socket } from 'node:net';
import {
  joinTo,
  type ProxyProtocol,
  type RecordingProxy,
  type RecordingProxyOptions,
  startRecordingProxy,
} from './recording-proxy.ts';

const refuse = (client: Socket, status: string): void =>
  void client.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);

const protocol: ProxyProtocol = {
  scheme: 'http',
  serve(client, tunnel, credentials) {
    let text = '';
    const read = (data: Buffer): void => {
      text += data.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      client.off('data', read);
      client.pause();
      const [, asked] = /^CONNECT (\S+) HTTP\/1\.1\r\n/.exec(text) ?? [];
      if (asked === undefined) return refuse(client, '405 Method Not Allowed');
      const basic = `Basic ${Buffer.from(credentials ?? '').toString('base64')}`;
      if (credentials !== null && !text.includes(`\r\nproxy-authorization: ${basic}\r\n`))
        return refuse(client, '407 Proxy Authentication Required');
      const port = tunnel(asked);
      if (port === null) return refuse(client, '502 Bad Gateway');
      joinTo(port, client, () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    };
    client.on('data', read);
  },
};

/** Starts an HTTP proxy that opens tunnels (CONNECT) and does nothing else. */
export const startConnectProxy = (options: RecordingProxyOptions): Promise<RecordingProxy> =>
  startRecordingProxy(protocol, options);

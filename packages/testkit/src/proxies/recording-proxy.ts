import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { testServer } from './test-certificates.ts';

export interface RecordingProxyOptions {
  /** Ports on loopback, by the `host:port` that clients ask for: names that only this proxy can resolve. */
  readonly routes: Readonly<Record<string, number>>;
  /** `user:password` that clients have to give. */
  readonly credentials?: string;
  /** Speaks TLS with the certificate of `testServer`. */
  readonly secure?: boolean;
}

/** A proxy on loopback that records what it is asked for. */
export interface RecordingProxy {
  /** Its address, without credentials. */
  readonly url: string;
  readonly port: number;
  /** The `host:port` of each tunnel that was asked for, in order. */
  readonly asked: readonly string[];
  /** Returns the number of connections so far. */
  connections(): number;
  /** Returns the number of open connections. */
  open(): number;
  /** Answers new connections in this way instead; null ends that. Runs when the first bytes have arrived. */
  misbehave(script: ((client: Socket) => void) | null): void;
  /** Cuts all connections, and refuses new ones. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  restart(): Promise<void>;
}

export interface ProxyProtocol {
  readonly scheme: 'http' | 'socks5';
  /** Speaks with a client, and calls `tunnel` with what it asks for. */
  serve(client: Socket, tunnel: (asked: string) => number | null, credentials: string | null): void;
}

/** Starts a proxy that speaks this protocol. */
export async function startRecordingProxy(
  protocol: ProxyProtocol,
  { routes, credentials, secure = false }: RecordingProxyOptions,
): Promise<RecordingProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let script: ((client: Socket) => void) | null = null;

  function onClient(client: Socket): void {
    connections++;
    sockets.add(client);
    client.on('error', () => {});
    client.on('close', () => sockets.delete(client));
    const instead = script;
    if (instead) {
      client.once('data', () => instead(client));
      return;
    }
    protocol.serve(
      client,
      (name) => {
        asked.push(name);
        return routes[name] ?? null;
      },
      credentials ?? null,
    );
  }

  let server: Server;
  async function listen(port: number): Promise<number> {
    server = secure ? createSecureServer({ ...testServer }, onClient) : createServer(onClient);
    // Clients that end the TLS handshake, because they do not trust us.
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return (server.address() as AddressInfo).port;
  }
  const port = await listen(0);

  return {
    url: `${protocol.scheme}${secure ? 's' : ''}://127.0.0.1:${port}`,
    port,
    asked,
    connections: () => connections,
    open: () => sockets.size,
    misbehave(next) {
      script = next;
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) secure ? socket.destroy() : socket.resetAndDestroy();
      await closed;
    },
    async restart() {
      await listen(port);
    },
  };
}

/** Connects a client with what it asked for. @param onOpen tells the client; the bytes that follow go both ways */
export function joinTo(port: number, client: Socket, onOpen: () => void): void {
  const upstream = connect(port, '127.0.0.1', () => {
    onOpen();
    client.pipe(upstream).pipe(client);
  });
  const end = (): void => {
    client.destroy();
    upstream.destroy();
  };
  upstream.on('error', end);
  upstream.on('close', end);
  client.on('close', end);
}

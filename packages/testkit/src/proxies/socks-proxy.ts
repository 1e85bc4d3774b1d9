import {
  joinTo,
  type ProxyProtocol,
  type RecordingProxy,
  type RecordingProxyOptions,
  startRecordingProxy,
} from './recording-proxy.ts';

const NO_AUTH = 0;
const USER_AND_PASSWORD = 2;
const NONE_ACCEPTABLE = 0xff;
const HOST_UNREACHABLE = 4;
const reply = (code: number): Buffer => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);

/** Reads the address of a request: IPv4, a name, or IPv6 as hex digits. Null until it is complete. */
function readTarget(bytes: Buffer): string | null {
  const length = { 1: 4, 3: 1 + (bytes[4] ?? 0), 4: 16 }[bytes[3] ?? 0] ?? 0;
  if (bytes.length < 4 + length + 2) return null;
  const address = bytes.subarray(4, 4 + length);
  const host =
    bytes[3] === 3
      ? address.subarray(1).toString('latin1')
      : bytes[3] === 1
        ? address.join('.')
        : address.toString('hex');
  return `${host}:${bytes.readUInt16BE(4 + length)}`;
}

const protocol: ProxyProtocol = {
  scheme: 'socks5',
  serve(client, tunnel, credentials) {
    let bytes = Buffer.alloc(0);
    let step: 'greeting' | 'credentials' | 'request' = 'greeting';
    const read = (data: Buffer): void => {
      bytes = Buffer.concat([bytes, data]);
      if (step === 'greeting') {
        if (bytes.length < 2 || bytes.length < 2 + (bytes[1] ?? 0)) return;
        const method = credentials === null ? NO_AUTH : USER_AND_PASSWORD;
        if (!bytes.subarray(2).includes(method)) return void client.end(Buffer.from([5, NONE_ACCEPTABLE]));
        client.write(Buffer.from([5, method]));
        step = credentials === null ? 'request' : 'credentials';
        bytes = Buffer.alloc(0);
      } else if (step === 'credentials') {
        const userBytes = bytes[1] ?? 0;
        const passwordBytes = bytes[2 + userBytes] ?? 0;
        if (bytes.length < 3 + userBytes + passwordBytes) return;
        const given = `${bytes.subarray(2, 2 + userBytes)}:${bytes.subarray(3 + userBytes)}`;
        const isRight = given === credentials;
        client.write(Buffer.from([1, isRight ? 0 : 1]));
        if (!isRight) return void client.end();
        step = 'request';
        bytes = Buffer.alloc(0);
      } else {
        const asked = readTarget(bytes);
        if (asked === null) return;
        client.off('data', read);
        client.pause();
        const port = tunnel(asked);
        if (port === null) return void client.end(reply(HOST_UNREACHABLE));
        joinTo(port, client, () => client.write(reply(0)));
      }
    };
    client.on('data', read);
  },
};

/** Starts a SOCKS5 proxy (RFC 1928, RFC 1929). */
export const startSocksProxy = (options: RecordingProxyOptions): Promise<RecordingProxy> =>
  startRecordingProxy(protocol, options);

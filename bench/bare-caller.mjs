// The smallest client of the REST API: one socket, prepared requests, responses timed at their last byte.
import { connect } from 'node:net';

/** @param {string} base such as http://127.0.0.1:7432 */
export async function startBareCaller(base) {
  const { hostname, port, host } = new URL(base);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.setEncoding('utf8');
  return {
    /** Returns the text of a request. @param {string} method @param {string} path @param {object} [body] */
    prepare(method, path, body) {
      const text = body ? JSON.stringify(body) : '';
      const length = Buffer.byteLength(text);
      const headers = body ? `Content-Type: application/json\r\nContent-Length: ${length}\r\n` : '';
      return `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n${text}`;
    },
    /** @param {string} request @returns {Promise<{ atMs: number, body: any }>} */
    call(request) {
      return new Promise((resolve) => {
        let text = '';
        socket.on('data', function onData(data) {
          text += data;
          const [head = '', body] = text.split('\r\n\r\n');
          const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
          if (body === undefined || Buffer.byteLength(body) < length) return;
          const atMs = performance.now();
          socket.off('data', onData);
          resolve({ atMs, body: JSON.parse(body) });
        });
        socket.write(request);
      });
    },
    close() {
      socket.destroy();
    },
  };
}

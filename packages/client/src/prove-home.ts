import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { isHex64, OcmeshError, operations, proofText } from '@ocmesh/shared/contract';
import { parseJson } from './client.ts';
import { type FoundDaemon, type HomeSecret, olderDaemon } from './daemon-url.ts';
import { clientLimits } from './limits.ts';

/**
 * Has the program at the other end of a new connection prove that it knows a secret of the home, before this connection
 * carries anything else. `daemon.json` may be older than the program that now has its port, and its pid. Without a home of
 * ours it only has to answer as an ocmesh daemon does.
 * @throws OcmeshError `daemon_down` that says what listens there
 */
export async function proveHome(socket: Socket, port: number, daemon: FoundDaemon): Promise<void> {
  if (daemon.mustProve && !daemon.secret) throw olderDaemon(daemon.url);
  const nonce = randomBytes(32).toString('hex');
  const response = await exchange(socket, port, `${operations.prove.path}?nonce=${nonce}`).catch((error) => {
    socket.destroy();
    throw error;
  });
  if (isRight(response, proofText(nonce, port), daemon.secret)) return;
  socket.destroy();
  throw describe(response, daemon);
}

function isRight({ fields }: Response, text: string, secret: HomeSecret | null): boolean {
  if (!secret) return isHex64(fields['proof']);
  const shown = fields[secret.provedBy];
  const right = createHmac('sha256', secret.key).update(text).digest('hex');
  return isHex64(shown) && timingSafeEqual(Buffer.from(shown), Buffer.from(right));
}

interface Response {
  readonly status: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** By hand, since `node:http` does not say which connection a request will take. */
function exchange(socket: Socket, port: number, path: string): Promise<Response> {
  return new Promise((resolve, reject) => {
    // It may have been refused before this is called: then no event comes any more.
    if (socket.destroyed) return reject(socket.errored ?? new Error('no connection'));
    let received = '';
    const over = AbortSignal.timeout(clientLimits.proofMs);
    const settle = (result: Response | Error): void => {
      socket.off('data', onData).off('error', settle).off('close', onClose);
      over.removeEventListener('abort', onClose);
      if (result instanceof Error) reject(result);
      else resolve(result);
    };
    const onData = (chunk: Buffer): void => {
      received += chunk.toString('latin1');
      const response = parseResponse(received);
      if (response) settle(response);
      else if (received.length > clientLimits.proofBytes) settle({ status: 0, fields: {} });
    };
    const onClose = (): void =>
      settle(
        received === ''
          ? new Error('no response to the proof')
          : (parseHead(received) ?? { status: 0, fields: {} }),
      );
    socket.on('data', onData).on('error', settle).on('close', onClose);
    over.addEventListener('abort', onClose);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAccept: application/json\r\n\r\n`);
  });
}

/** The response once all of it is there, if it has a form that the daemon uses; else null. */
function parseResponse(text: string): Response | null {
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? null : parseHead(text.slice(0, end));
  if (!head) return null;
  const length = /^content-length: *(\d{1,6})$/im.exec(text.slice(0, end))?.[1];
  const body = text.slice(end + 4);
  if (length === undefined || body.length < Number(length)) return null;
  const value = body.length === Number(length) ? parseJson(body) : null;
  return { ...head, fields: typeof value === 'object' && value !== null ? { ...value } : {} };
}

function parseHead(text: string): Response | null {
  const status = /^HTTP\/1\.[01] (\d{3})\b/.exec(text)?.[1];
  return status === undefined ? null : { status: Number(status), fields: {} };
}

/** Says what listens there, without quoting it. */
function describe({ status, fields }: Response, { url, home }: FoundDaemon): OcmeshError {
  if (typeof fields['proof'] === 'string') {
    return new OcmeshError('daemon_down', {
      message: `Another ocmesh daemon listens at ${url}, not the one of ${home}. Nothing was sent to it.`,
      problem: 'other_daemon',
    });
  }
  if (status === 404 && fields['error'] === 'not_found') return olderDaemon(url);
  const seen = status === 0 ? 'it does not speak HTTP as ocmesh does' : `HTTP ${status}`;
  return new OcmeshError('daemon_down', {
    message: `A program that is not ocmesh listens at ${url} (${seen}). Nothing was sent to it.`,
    problem: 'not_a_daemon',
  });
}

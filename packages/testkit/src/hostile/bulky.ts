import type { Behaviour, Client } from './behaviour.ts';
import { deflatedNotice, gzippedDocument, wireFrame } from './wire-bytes.ts';

/** Sends a frame of several megabytes now and then. */
export const hugeFrame: Behaviour = (relay) => {
  const { hugeBytes, hugeEvery } = relay.tuning;
  return {
    onSend(frame, client) {
      const sent = Number(client.state.get('sent') ?? 0) + 1;
      client.state.set('sent', sent);
      if (sent % hugeEvery !== 0) return [frame];
      relay.countMisdeed();
      return [['NOTICE', 'x'.repeat(hugeBytes)], frame];
    },
  };
};

/**
 * Sends kilobytes that inflate to megabytes: a compressed frame without agreement on compression, and a compressed
 * NIP-11 document. To every second client it claims an agreement, though compression was not offered.
 */
export const zipBomb: Behaviour = (relay) => {
  const { bombBytes } = relay.tuning;
  let upgrades = 0;
  let notice: Buffer | undefined;
  let document: Buffer | undefined;
  return {
    deflates: true,
    upgradeHeaders({ headers }) {
      const isOffered = headers['sec-websocket-extensions'] !== undefined;
      if (isOffered || ++upgrades % 2 === 0) return [];
      return ['Sec-WebSocket-Extensions: permessage-deflate'];
    },
    onOpen(client) {
      relay.countMisdeed();
      notice ??= wireFrame('text', deflatedNotice(bombBytes), { compressed: true });
      client.raw.write(notice);
    },
    onRequest(_, response) {
      relay.countMisdeed();
      document ??= gzippedDocument(bombBytes);
      response.setHeader('content-encoding', 'gzip');
      response.end(document);
    },
  };
};

/** Sends everything one byte at a time. */
export const slowDrip: Behaviour = (relay) => {
  /** Writes byte by byte. */
  function drip(bytes: Buffer, write: (byte: Buffer) => boolean, done: () => void): void {
    let at = 0;
    function next(): void {
      if (at >= bytes.length) return done();
      if (!write(bytes.subarray(at, ++at))) return;
      relay.countMisdeed();
      relay.clock.after(relay.tuning.byteEveryMs, next);
    }
    next();
  }

  function enqueue(bytes: Buffer, client: Client): void {
    const queue = (client.state.get('queue') as Buffer[] | undefined) ?? [];
    client.state.set('queue', queue);
    queue.push(bytes);
    if (queue.length === 1) dripQueue(queue, client);
  }

  function dripQueue(queue: Buffer[], client: Client): void {
    const [bytes] = queue;
    if (!bytes) return;
    const write = (byte: Buffer): boolean => {
      if (client.isOpen()) client.raw.write(byte);
      return client.isOpen();
    };
    drip(bytes, write, () => {
      queue.shift();
      dripQueue(queue, client);
    });
  }

  return {
    write: (text, client) => enqueue(wireFrame('text', Buffer.from(text)), client),
    onPing: (payload, client) => enqueue(wireFrame('pong', payload), client),
    onRequest(_, response) {
      const document = Buffer.from(JSON.stringify({ name: 'slow', supported_nips: [1, 11] }));
      response.flushHeaders();
      const write = (byte: Buffer): boolean => {
        response.write(byte);
        return !response.destroyed;
      };
      drip(document, write, () => response.end());
    },
  };
};

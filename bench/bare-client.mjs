// The smallest client that sends an event through a relay and sees it arrive: two sockets, no checks, no storage.
import { finalizeEvent, generateSecretKey, getPublicKey } from 'nostr-tools/pure';
import { WebSocket } from 'ws';

/** @param {string} url @returns {Promise<WebSocket>} */
const connect = (url) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    socket.once('open', () => resolve(socket));
    socket.on('error', reject);
  });

/** Returns the next frame of this type. @param {WebSocket} socket @param {string} type @returns {Promise<any[]>} */
const frameOf = (socket, type) =>
  new Promise((resolve) => {
    socket.on('message', function onMessage(data) {
      const frame = JSON.parse(String(data));
      if (frame[0] !== type) return;
      socket.off('message', onMessage);
      resolve(frame);
    });
  });

/** @param {string} url */
export async function startBareClients(url) {
  const [sender, receiver] = await Promise.all([connect(url), connect(url)]);
  const secretKey = generateSecretKey();
  const pubkey = getPublicKey(generateSecretKey());
  receiver.send(JSON.stringify(['REQ', 'x', { kinds: [4, 1059], '#p': [pubkey] }]));
  await frameOf(receiver, 'EOSE');
  let created_at = Math.floor(Date.now() / 1000);
  return {
    /** Returns the milliseconds from publishing an event like this one until it arrives. @param {{ kind: number, content: string }} like */
    async roundTrip({ kind, content }) {
      // Never the same event twice: the relay would drop it as a duplicate.
      created_at--;
      const event = finalizeEvent({ kind, created_at, tags: [['p', pubkey]], content }, secretKey);
      const text = JSON.stringify(['EVENT', event]);
      const arrival = frameOf(receiver, 'EVENT');
      const began = performance.now();
      sender.send(text);
      await arrival;
      return performance.now() - began;
    },
    close() {
      sender.terminate();
      receiver.terminate();
    },
  };
}

/** Subscribes to the encrypted messages for this key, to get the next one. @param {string} url @param {string} pubkey */
export async function subscribeTo(url, pubkey) {
  const socket = await connect(url);
  socket.send(JSON.stringify(['REQ', 'x', { kinds: [4, 1059], '#p': [pubkey], limit: 0 }]));
  await frameOf(socket, 'EOSE');
  return {
    /** @returns {Promise<{ kind: number, content: string }>} */
    async next() {
      const [, , event] = await frameOf(socket, 'EVENT');
      socket.terminate();
      return event;
    },
  };
}

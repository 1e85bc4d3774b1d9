import { asksForDms } from './auth.ts';
import type { Behaviour } from './behaviour.ts';
import { acceptKey } from './wire-bytes.ts';

/** Accepts the upgrade and then vanishes: no frame, no pong, no close. */
export const halfOpen: Behaviour = (relay) => ({
  onUpgrade(request, raw) {
    relay.countMisdeed();
    const key = acceptKey(request.headers['sec-websocket-key'] ?? '');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    raw.write(`${[...lines, `Sec-WebSocket-Accept: ${key}`].join('\r\n')}\r\n\r\n`);
    return true;
  },
});

/** Accepts TCP connections and responds to nothing: no upgrade, no document. */
export const neverUpgrades: Behaviour = (relay) => ({
  onUpgrade() {
    relay.countMisdeed();
    return true;
  },
  onRequest() {},
});

/** Refuses a REQ for direct messages with a NOTICE only, which does not name the REQ. */
export const noticeInsteadOfClosed: Behaviour = (relay) => ({
  onFrame(frame, client) {
    if (!asksForDms(frame)) return false;
    relay.countMisdeed();
    client.send(['NOTICE', 'restricted: this filter is not allowed']);
    return true;
  },
});

/** Loses every REQ that comes right after the open. */
export const losesFirstReq: Behaviour = (relay) => ({
  onFrame([type], client) {
    const isDeaf = relay.clock.monotonic() - client.openedAtMs < relay.tuning.deafMs;
    if (type !== 'REQ' || !isDeaf) return false;
    relay.countMisdeed();
    return true;
  },
});

/** Cuts every connection after a while. */
export const flapper: Behaviour = (relay) => ({
  onOpen(client) {
    relay.clock.after(relay.tuning.cutAfterMs, () => {
      if (!client.isOpen()) return;
      relay.countMisdeed();
      client.raw.destroy();
    });
  },
});

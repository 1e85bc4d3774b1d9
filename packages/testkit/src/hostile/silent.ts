import type { Behaviour } from './conduct.ts';
import { asksForDms } from './gate.ts';
import { acceptKey } from './wire-bytes.ts';

/** Takes the upgrade, and then there is nobody: no answer, no pong, no goodbye. */
export const halfOpen: Behaviour = (relay) => ({
  onUpgrade(request, raw) {
    relay.misbehave();
    const key = acceptKey(request.headers['sec-websocket-key'] ?? '');
    const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    raw.write(`${[...lines, `Sec-WebSocket-Accept: ${key}`].join('\r\n')}\r\n\r\n`);
    return true;
  },
});

/** Takes connections and answers nothing: no upgrade, no document. */
export const neverUpgrades: Behaviour = (relay) => ({
  onUpgrade() {
    relay.misbehave();
    return true;
  },
  onRequest() {},
});

/** Answers a request for direct messages with a NOTICE, and with nothing that names the request. */
export const noticeInsteadOfClosed: Behaviour = (relay) => ({
  onFrame(frame, client) {
    if (!asksForDms(frame)) return false;
    relay.misbehave();
    client.send(['NOTICE', 'restricted: this filter is not allowed']);
    return true;
  },
});

/** Hears no REQ that comes right after the open. */
export const losesFirstReq: Behaviour = (relay) => ({
  onFrame([type], client) {
    const isDeaf = relay.clock.monotonic() - client.openedAtMs < relay.tuning.deafMs;
    if (type !== 'REQ' || !isDeaf) return false;
    relay.misbehave();
    return true;
  },
});

/** Cuts every connection after a while. */
export const flapper: Behaviour = (relay) => ({
  onOpen(client) {
    relay.clock.after(relay.tuning.cutAfterMs, () => {
      if (!client.isOpen()) return;
      relay.misbehave();
      client.raw.destroy();
    });
  },
});

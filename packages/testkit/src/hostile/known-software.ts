import type { Filter } from '@ocmesh/shared/wire';
import { asksForDms, createAuth, isDm } from './auth.ts';
import type { Behaviour } from './behaviour.ts';

/** Sends no EOSE for a REQ whose filters all have `limit: 0`, and ignores a repeated REQ: nostr-rs-relay. */
export const nostrRsRelay: Behaviour = (relay) => ({
  onFrame([type, id, ...filters], client) {
    if (type !== 'REQ') return false;
    const key = JSON.stringify(filters);
    const isRepeated = JSON.stringify(client.subscriptions.get(String(id))) === key;
    const isLiveOnly = filters.every((filter) => (filter as Filter).limit === 0);
    if (!isRepeated && !isLiveOnly) return false;
    relay.countMisdeed();
    client.subscriptions.set(String(id), filters as Filter[]);
    return true;
  },
});

/**
 * Withholds direct messages without a word until the client authenticates: nostr-rs-relay with `nip42_dms`.
 * It sends its challenge at the open, EOSE without the events, no CLOSED, and no OK for a correct AUTH.
 */
export const nostrRsRelayDms: Behaviour = (relay) => {
  const auth = createAuth(relay);
  return {
    onOpen: auth.challenge,
    onFrame([type, first], client) {
      if (type === 'AUTH') auth.onAuth(first, { ...client, send: () => undefined });
      return type === 'AUTH';
    },
    onSend(frame, client) {
      if (frame[0] !== 'EVENT' || auth.mayReadFrame(frame, client)) return [frame];
      relay.countMisdeed();
      return [];
    },
  };
};

/**
 * Requires AUTH for direct messages, to write and to read, and sends its challenge only with the refusal: khatru.
 * It takes frames of 500 kB, and closes the connection at a larger one.
 */
export const khatru: Behaviour = (relay) => {
  const auth = createAuth(relay);
  return {
    onFrame(frame, client) {
      const [type, first] = frame;
      if (JSON.stringify(frame).length > relay.tuning.khatruFrameBytes) {
        client.raw.destroy();
        return true;
      }
      if (type === 'AUTH') auth.onAuth(first, client);
      const isWrite = type === 'EVENT' && isDm(first);
      if (auth.isAuthenticated(client) || !(isWrite || asksForDms(frame))) return type === 'AUTH';
      relay.countMisdeed();
      auth.challenge(client);
      if (isWrite) {
        const { id } = first as { id: string };
        client.send(['OK', id, false, 'auth-required: authenticate to publish direct messages']);
      } else client.send(['CLOSED', first, 'auth-required: authenticate to read direct messages']);
      return true;
    },
    onSend: (frame, client) => (frame[0] !== 'EVENT' || auth.mayReadFrame(frame, client) ? [frame] : []),
    onRequest(_, response) {
      const limitation = { max_message_length: relay.tuning.khatruFrameBytes, auth_required: false };
      response.end(JSON.stringify({ name: 'khatru', supported_nips: [1, 11, 42], limitation }));
    },
  };
};

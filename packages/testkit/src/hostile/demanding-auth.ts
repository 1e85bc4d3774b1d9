import { parseEvent } from '@ocmesh/shared/wire';
import { asksForDms, createAuth } from './auth.ts';
import type { Behaviour } from './behaviour.ts';

/** Sends challenges without end and lets nobody read: each response is too late for its challenge. */
export const authStorm: Behaviour = (relay) => {
  const auth = createAuth(relay);
  return {
    onOpen(client) {
      function storm(): void {
        if (!client.isOpen()) return;
        relay.countMisdeed();
        auth.challenge(client);
        relay.clock.after(relay.tuning.challengeEveryMs, storm);
      }
      storm();
    },
    onFrame([type, first], client) {
      if (type === 'REQ') client.send(['CLOSED', first, 'auth-required: answer the challenge']);
      if (type === 'AUTH') {
        client.send(['OK', parseEvent(first)?.id ?? '', false, 'invalid: that challenge is over']);
      }
      return type === 'REQ' || type === 'AUTH';
    },
  };
};

/** Requires NIP-42 and refuses every response. */
export const refusesAuth: Behaviour = (relay) => {
  const auth = createAuth(relay);
  return {
    onOpen: auth.challenge,
    onFrame([type, first], client) {
      if (type === 'REQ') client.send(['CLOSED', first, 'auth-required: members only']);
      if (type === 'AUTH') {
        relay.countMisdeed();
        client.send(['OK', parseEvent(first)?.id ?? '', false, 'restricted: you are no member']);
      }
      return type === 'REQ' || type === 'AUTH';
    },
  };
};

/** Serves direct messages only after NIP-42, with strfry's extra prefix in front of the reason. */
export const strfryClosed: Behaviour = (relay) => {
  const auth = createAuth(relay);
  return {
    onOpen: auth.challenge,
    onFrame(frame, client) {
      const [type, first] = frame;
      if (type === 'AUTH') auth.onAuth(first, client);
      if (!asksForDms(frame) || auth.isAuthenticated(client)) return type === 'AUTH';
      relay.countMisdeed();
      client.send(['CLOSED', first, 'ERROR: auth-required: requested filter requires authentication']);
      return true;
    },
    onSend: (frame, client) => (frame[0] !== 'EVENT' || auth.mayReadFrame(frame, client) ? [frame] : []),
  };
};

/** Forgets who a client is from time to time: sends a new challenge, and closes its subscriptions until it responds. */
export const reopenedChallenge: Behaviour = (relay) => {
  const auth = createAuth(relay);
  const refusal = 'auth-required: who are you?';
  return {
    onOpen: auth.challenge,
    onFrame(frame, client) {
      const [type, first] = frame;
      if (type === 'AUTH') {
        auth.onAuth(first, client);
        if (auth.isAuthenticated(client)) {
          relay.clock.after(relay.tuning.forgetsAfterMs, () => {
            if (!client.isOpen()) return;
            relay.countMisdeed();
            auth.forget(client);
            auth.challenge(client);
            for (const id of client.subscriptions.keys()) client.send(['CLOSED', id, refusal]);
            client.subscriptions.clear();
          });
        }
        return true;
      }
      if (type !== 'REQ' || auth.isAuthenticated(client)) return false;
      client.send(['CLOSED', first, refusal]);
      return true;
    },
  };
};

import { parseEvent } from '@ocmesh/shared/wire';
import type { Behaviour } from './conduct.ts';
import { asksForDms, createGate } from './gate.ts';

/** Challenges without end, and lets nobody read: whatever is answered, the challenge is no longer that one. */
export const authStorm: Behaviour = (relay) => {
  const gate = createGate(relay);
  return {
    onOpen(client) {
      function blow(): void {
        if (!client.isOpen()) return;
        relay.misbehave();
        gate.challenge(client);
        relay.clock.after(relay.tuning.challengeEveryMs, blow);
      }
      blow();
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

/** Wants NIP-42 and takes nobody's. */
export const refusesAuth: Behaviour = (relay) => {
  const gate = createGate(relay);
  return {
    onOpen: gate.challenge,
    onFrame([type, first], client) {
      if (type === 'REQ') client.send(['CLOSED', first, 'auth-required: members only']);
      if (type === 'AUTH') {
        relay.misbehave();
        client.send(['OK', parseEvent(first)?.id ?? '', false, 'restricted: you are no member']);
      }
      return type === 'REQ' || type === 'AUTH';
    },
  };
};

/** As strfry does it: direct messages only after NIP-42, and a prefix in front of the prefix. */
export const strfryClosed: Behaviour = (relay) => {
  const gate = createGate(relay);
  return {
    onOpen: gate.challenge,
    onFrame(frame, client) {
      const [type, first] = frame;
      if (type === 'AUTH') gate.onAuth(first, client);
      if (!asksForDms(frame) || gate.isIn(client)) return type === 'AUTH';
      relay.misbehave();
      client.send(['CLOSED', first, 'ERROR: auth-required: requested filter requires authentication']);
      return true;
    },
    onSend(frame, client) {
      const event = frame[0] === 'EVENT' ? parseEvent(frame[2]) : null;
      return event && !gate.mayRead(event, client) ? [] : [frame];
    },
  };
};

/** Forgets from time to time who a client is: a new challenge, and its subscriptions closed until it is answered. */
export const reopenedChallenge: Behaviour = (relay) => {
  const gate = createGate(relay);
  const refusal = 'auth-required: who are you?';
  return {
    onOpen: gate.challenge,
    onFrame(frame, client) {
      const [type, first] = frame;
      if (type === 'AUTH') {
        gate.onAuth(first, client);
        if (gate.isIn(client)) {
          relay.clock.after(relay.tuning.forgetsAfterMs, () => {
            if (!client.isOpen()) return;
            relay.misbehave();
            gate.forget(client);
            gate.challenge(client);
            for (const id of client.subscriptions.keys()) client.send(['CLOSED', id, refusal]);
            client.subscriptions.clear();
          });
        }
        return true;
      }
      if (type !== 'REQ' || gate.isIn(client)) return false;
      client.send(['CLOSED', first, refusal]);
      return true;
    },
  };
};

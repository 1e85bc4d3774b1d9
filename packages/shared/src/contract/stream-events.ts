import type { EventType } from './event-types.ts';
import { RelayStatus } from './relay-schemas.ts';
import * as schemas from './schemas.ts';
import { type Static, type TSchema, Type } from './typebox.ts';

const Id = Type.String({
  description: 'Where a client that comes back goes on: send it as `Last-Event-ID`.',
});

const event = <const N extends EventType | 'reset', D extends TSchema>(
  name: N,
  description: string,
  data: D,
) => Type.Object({ id: Id, event: Type.Literal(name), data }, { description });

const Peer = Type.Object(schemas.Peer.properties, { description: 'a peer, as in `GET /peers`' });
const Message = Type.Object(schemas.Message.properties, { description: 'a message, as in `GET /messages`' });
const Relay = Type.Object(RelayStatus.properties, {
  description: 'a relay, as in `relay_status` of `GET /status`',
});

/**
 * One event of `GET /events`. The name says what happened; a peer, a message or a delivery in `data` is shown as it is
 * when the event is sent, which after a break may be later than when it happened.
 */
export const StreamEvent = Type.Union([
  event('peer.discovered', 'An agent was met for the first time, or added by key.', Peer),
  event('peer.online', 'A sign of life of a peer that was offline.', Peer),
  event('peer.offline', 'A goodbye, or no sign of life within the online window.', Peer),
  event('peer.handshaked', 'The peer answered our hello.', Peer),
  event('message.received', 'A message is in the inbox.', Message),
  event(
    'message.state',
    'A message of ours got on, or ended.',
    Type.Object({
      id: Type.String({ description: 'Message id.' }),
      to: schemas.Message.properties.to,
      state: schemas.DeliveryState,
      delivery: schemas.Delivery,
    }),
  ),
  event('relay.state', 'A relay has another state than before; attempts to connect are not told.', Relay),
  event(
    'status.changed',
    'Another reason to be degraded, or one less.',
    Type.Object({ degraded: Type.Boolean(), reasons: Type.Array(schemas.Reason) }),
  ),
  event(
    'reset',
    'What came since your last event is not known any more: ask for peers, messages and status anew. Never filtered.',
    Type.Object({
      reason: Type.Union([Type.Literal('restarted'), Type.Literal('too_old'), Type.Literal('unknown_id')], {
        description:
          '`restarted`: the id is of another start of the daemon; `too_old`: more came since than is kept; `unknown_id`: ' +
          'no id of ours.',
      }),
    }),
  ),
]);

export type StreamEvent = Static<typeof StreamEvent>;

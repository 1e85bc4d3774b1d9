import { RelayStatus } from './relay-schemas.ts';
import * as schemas from './schemas.ts';
import { flag, type Static, type TSchema, Type, text } from './typebox.ts';
import { WakeTestId, WatcherName } from './wake-schemas.ts';

/** Types of events in `GET /events`. */
export const eventTypes = [
  'peer.discovered',
  'peer.online',
  'peer.offline',
  'peer.handshaked',
  'message.received',
  'message.state',
  'request.waiting',
  'conversation.paused',
  'wake.test',
  'relay.state',
  'status.changed',
] as const;

export type EventType = (typeof eventTypes)[number];

const Id = text('Position in the stream: send it as `Last-Event-ID` to resume after this event.');

const event = <const N extends EventType | 'reset', D extends TSchema>(
  name: N,
  description: string,
  data: D,
) =>
  Type.Object(
    { id: Id, event: Type.Literal(name, { description: 'Type of the event.' }), data },
    { description },
  );

const Peer = Type.Object(schemas.Peer.properties, { description: 'The peer, as in `GET /peers`.' });
const Message = Type.Object(schemas.Message.properties, {
  description: 'The message, as in `GET /messages`.',
});
const Relay = Type.Object(RelayStatus.properties, {
  description: 'The relay, as in `relay_status` of `GET /status`.',
});
const MessageState = Type.Object(
  {
    id: text('Message id.'),
    to: schemas.Message.properties.to,
    state: schemas.DeliveryState,
    delivery: schemas.Delivery,
  },
  { description: 'The new state of the message, and its delivery.' },
);
const StatusChange = Type.Object(
  {
    degraded: flag('Whether the daemon is degraded.'),
    reasons: Type.Array(schemas.Reason, { description: 'Why; empty if it is not degraded.' }),
  },
  { description: 'The reasons, as in `GET /status`.' },
);
const WakeTest = Type.Object(
  { id: WakeTestId, watcher: WatcherName },
  { description: 'The test, as in `wake_test` of `GET /status`.' },
);
const Gap = Type.Object(
  {
    reason: Type.Union([Type.Literal('restarted'), Type.Literal('too_old'), Type.Literal('unknown_id')], {
      description:
        '`restarted`: the id is from before a restart of the daemon; `too_old`: more events have happened since than are ' +
        'kept; `unknown_id`: not one of our ids.',
    }),
  },
  { description: 'Why events may be missing.' },
);

/**
 * One event of `GET /events`. A peer, message or delivery in `data` is shown as it is when the event is sent, which after
 * a reconnect may be later than when the event happened.
 */
export const StreamEvent = Type.Union([
  event('peer.discovered', 'A peer was discovered, or added by its key.', Peer),
  event('peer.online', 'An offline peer gave a sign of life.', Peer),
  event(
    'peer.offline',
    'A peer announced that it stops, or gave no sign of life within the online window.',
    Peer,
  ),
  event('peer.handshaked', 'A peer responded to our hello.', Peer),
  event('message.received', 'A message arrived in the inbox.', Message),
  event('message.state', 'A sent message has a new delivery state.', MessageState),
  event(
    'request.waiting',
    'A stranger wrote, or your agent wants to write to one: the owner has to decide, see `GET /requests`.',
    Peer,
  ),
  event('conversation.paused', 'The loop guard paused the conversation with this peer.', Peer),
  event(
    'wake.test',
    'A test message of the owner came back through a relay: the watcher that it names announces it. It is no mail.',
    WakeTest,
  ),
  event('relay.state', 'A relay has a new state. Attempts to connect are not reported.', Relay),
  event('status.changed', 'There is a new reason to be degraded, or one less.', StatusChange),
  event(
    'reset',
    'Events since your last one may be missing: fetch peers, messages and status again. Always sent, whatever `types` says.',
    Gap,
  ),
]);

export type StreamEvent = Static<typeof StreamEvent>;

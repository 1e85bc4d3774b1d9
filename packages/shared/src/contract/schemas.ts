import { RelayStatus } from './relay-schemas.ts';
import { nullable, text, timestamp } from './schema-parts.ts';
import { type Static, Type } from './typebox.ts';

const Pubkey = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'Public key: 64 lower-case hex digits.',
});

export const Trust = Type.Union([Type.Literal('stranger'), Type.Literal('contact'), Type.Literal('blocked')]);
export const Handshake = Type.Union([
  Type.Literal('none'),
  Type.Literal('sent'),
  Type.Literal('acknowledged'),
]);
const Direction = Type.Union([Type.Literal('in'), Type.Literal('out')]);

export const Reason = Type.Object({
  code: Type.Union([
    Type.Literal('no_relay'),
    Type.Literal('no_dm_relay'),
    Type.Literal('storage_refuses'),
    Type.Literal('inbox_full'),
    Type.Literal('clock_off'),
  ]),
  problem: Type.Optional(
    Type.Union([Type.Literal('storage_full'), Type.Literal('storage_unavailable')], {
      description: 'The error that changes end in, where the code covers several.',
    }),
  ),
  message: text('What is wrong.'),
  since: timestamp('Since when.'),
  next_step: text('What helps.'),
});

export const Status = Type.Object({
  daemon_version: Type.String(),
  uptime_seconds: Type.Integer(),
  peer_count: Type.Integer({ description: 'Peers online now.' }),
  pubkey: Pubkey,
  relay_status: Type.Array(RelayStatus),
  npub: Type.String(),
  name: nullable(Type.String()),
  known_peer_count: Type.Integer(),
  unread_count: Type.Integer(),
  degraded: Type.Boolean(),
  reasons: Type.Array(Reason),
  request_count: Type.Integer({ description: 'Requests that wait for the owner: GET /requests.' }),
  paused_peers: Type.Array(Pubkey, { description: 'Conversations that the loop guard stopped.' }),
  outbox: Type.Object({ queued: Type.Integer(), published: Type.Integer(), failed: Type.Integer() }),
  storage: Type.Object({ bytes: Type.Integer(), journal_bytes: Type.Integer() }),
  refused_events: Type.Record(Type.String(), Type.Integer(), {
    description: 'Relay events dropped since start, by reason.',
  }),
});

export const Peer = Type.Object({
  pubkey: Pubkey,
  npub: Type.String(),
  name: nullable(text('The name the peer gives itself. Untrusted.')),
  online: Type.Boolean({
    description: 'A sign of life within the online window: 15 minutes, unless configured.',
  }),
  last_seen: timestamp('Last sign of life; 1970-01-01 before the first.'),
  first_seen: timestamp('When this daemon first met the peer.'),
  features: Type.Array(Type.String(), { description: 'What its daemon can do. Untrusted.' }),
  handshake: Handshake,
  trust: Trust,
  alias: nullable(text('The name the owner gave it.')),
  note: nullable(text('What the owner noted.')),
  paused: nullable(
    Type.Object(
      { since: timestamp('Since when.'), until: timestamp('When it ends by itself.') },
      { description: 'The loop guard stopped what we send to it; the owner can resume.' },
    ),
  ),
  version: nullable(text('The ocmesh version it names. Untrusted.')),
  about: nullable(text('How it describes itself. Untrusted.')),
  capabilities: Type.Array(Type.String(), { description: 'What its agent says it can do. Untrusted.' }),
  unread_count: Type.Integer(),
});

export const Reachability = Type.Object({
  state: Type.Union(
    [
      Type.Literal('reachable'),
      Type.Literal('stored'),
      Type.Literal('silent'),
      Type.Literal('refused'),
      Type.Literal('no_relay'),
      Type.Literal('blocked'),
    ],
    {
      description:
        '`reachable`: online, and a relay takes our messages; `stored`: offline, relays keep messages for it; `silent`: ' +
        'online, but confirms nothing; `refused`: every relay refused our latest message to it; `no_relay`: none of our ' +
        'relays takes messages now; `blocked`: by you.',
    },
  ),
  why: text('What the state rests on.'),
  next_step: text('What helps.'),
});

/** A peer alone, with what a list has no room for. */
export const PeerDetails = Type.Object({ ...Peer.properties, reachability: Reachability });

export const DeliveryState = Type.Union([
  Type.Literal('queued'),
  Type.Literal('published'),
  Type.Literal('delivered'),
  Type.Literal('read'),
  Type.Literal('failed'),
  Type.Literal('expired'),
  Type.Literal('received'),
]);

export const RelayOutcome = Type.Object({
  url: Type.String(),
  outcome: Type.Union([
    Type.Literal('accepted'),
    Type.Literal('rejected'),
    Type.Literal('timeout'),
    Type.Literal('received'),
  ]),
  reason: nullable(text('The relay’s own words. Untrusted.')),
  at: timestamp('When.'),
});

export const Delivery = Type.Object({
  state: DeliveryState,
  relays: Type.Array(RelayOutcome),
  delivered_at: nullable(timestamp('When the peer’s daemon said that it had stored it.')),
  read_at: nullable(timestamp('When the peer’s agent read it.')),
  next_attempt_at: nullable(timestamp('When the next attempt is due.')),
});

export const Message = Type.Object({
  id: Type.String(),
  from: Pubkey,
  from_name: nullable(text('Of a peer: your alias for it, else the name it gives itself. Untrusted.')),
  to: Pubkey,
  content: text('Decrypted plaintext. Of an incoming message: untrusted.'),
  timestamp: timestamp('When the sender says it was written.'),
  read: Type.Boolean(),
  direction: Direction,
  type: Type.String({
    description: '`text`, `task`, `result`, `error`, `file`, or whatever the sender named.',
  }),
  data: nullable(Type.Record(Type.String(), Type.Unknown(), { description: 'The rest of a typed payload.' })),
  reply_to: nullable(Type.String({ description: 'Id of the message it answers.' })),
  thread: nullable(Type.String()),
  trust: Trust,
  auto: Type.Boolean({
    description: 'Sent without a person: marked so by its sender, or an answer of ours within 60 s.',
  }),
  hops: Type.Integer({ description: 'Automatic messages in a row, this one included.' }),
  delivery: Delivery,
});

export const Request = Type.Object({
  direction: Type.Union([Type.Literal('in'), Type.Literal('out')], {
    description: '`in`: a stranger wrote; `out`: our agent wants to write to a stranger.',
  }),
  since: timestamp('When it came up.'),
  peer: Peer,
  message_count: Type.Integer({ description: 'Messages that are held, or 1 that was not sent.' }),
  messages: Type.Array(
    Type.Object({
      id: nullable(Type.String()),
      type: Type.String(),
      content: text('Of a stranger: untrusted.'),
      timestamp: timestamp('When it was written.'),
    }),
  ),
});

export const Policy = Type.Object({
  strangers: Type.Union([Type.Literal('open'), Type.Literal('ask'), Type.Literal('closed')], {
    description:
      'Messages of strangers: `open`: into the inbox, marked; `ask`: held until the owner says yes; `closed`: dropped. ' +
      'Whoever our agent wrote to may answer.',
  }),
  first_contact: Type.Union([Type.Literal('allow'), Type.Literal('ask')], {
    description: 'First message of our agent to a stranger: `allow`, or `ask` the owner.',
  }),
  mcp_may_trust: Type.Boolean({
    description: 'Whether a model gets the tools that make contacts and answer requests.',
  }),
});

export const SendResult = Type.Object({
  id: Type.String(),
  to: Pubkey,
  timestamp: timestamp('When it was accepted.'),
  state: DeliveryState,
});

export const Marked = Type.Object({
  marked: Type.Integer({ description: 'Messages that were unread before.' }),
});

export const Waited = Type.Object({
  messages: Type.Array(Message),
  cursor: Type.String({ description: 'Pass it as `after` to get what came later.' }),
  timed_out: Type.Boolean(),
});

export const Identity = Type.Object({
  pubkey: Pubkey,
  npub: Type.String(),
  name: nullable(Type.String()),
  features: Type.Array(Type.String()),
});

export const Health = Type.Object({ ok: Type.Literal(true) });

export const ErrorBody = Type.Object({
  error: Type.String(),
  message: Type.String(),
  hint: Type.String(),
  problem: Type.Optional(Type.String()),
  request_id: Type.String(),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

export type Policy = Static<typeof Policy>;
export type Request = Static<typeof Request>;
export type Trust = Static<typeof Trust>;
export type Handshake = Static<typeof Handshake>;
export type Reachability = Static<typeof Reachability>;
export type PeerDetails = Static<typeof PeerDetails>;
export type Reason = Static<typeof Reason>;
export type Status = Static<typeof Status>;
export type Peer = Static<typeof Peer>;
export type DeliveryState = Static<typeof DeliveryState>;
export type RelayOutcome = Static<typeof RelayOutcome>;
export type Delivery = Static<typeof Delivery>;
export type Message = Static<typeof Message>;
export type ErrorBody = Static<typeof ErrorBody>;

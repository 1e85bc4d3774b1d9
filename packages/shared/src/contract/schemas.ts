import { type Static, type TSchema, Type } from './typebox.ts';

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const text = (description: string) => Type.String({ description });
const timestamp = (description: string) => Type.String({ description: `${description} ISO 8601 UTC.` });

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

export const RelayState = Type.Union(
  [
    Type.Literal('connecting'),
    Type.Literal('connected'),
    Type.Literal('disconnected'),
    Type.Literal('auth_required'),
    Type.Literal('auth_failed'),
    Type.Literal('restricted'),
    Type.Literal('payment_required'),
    Type.Literal('misbehaving'),
  ],
  {
    description:
      '`connecting`; `connected`: works; `disconnected`: tried again with growing pauses; `auth_required`: serves only ' +
      'those who say who they are, and we have not yet; `auth_failed`: refused our key; `restricted`: serves its members ' +
      'only; `payment_required`: serves who pays; `misbehaving`: sent forgeries or what nobody asked for. The last four ' +
      'rest until `rests_until`.',
  },
);

export const RelayStatus = Type.Object({
  url: text('Relay address.'),
  role: Type.Union([Type.Literal('own'), Type.Literal('foreign')], {
    description:
      '`own`: of this agent’s list, read and written; `foreign`: of a peer’s, written to for a while.',
  }),
  state: RelayState,
  rests_until: nullable(timestamp('When a relay that is left alone is tried again.')),
  connected_since: nullable(timestamp('Since when this connection holds.')),
  carries_dms: Type.Boolean({ description: 'Our message subscription there was answered in full.' }),
  last_error: nullable(
    text('Why the last connection, subscription or write failed; the relay’s words are untrusted.'),
  ),
});

export const RelayDetails = Type.Object({
  ...RelayStatus.properties,
  clock_offset_ms: nullable(
    Type.Number({ description: 'Its clock minus ours in milliseconds, as far as it told the time.' }),
  ),
  round_trip_ms: nullable(Type.Number({ description: 'Milliseconds of the last write that was answered.' })),
  supported_nips: Type.Array(Type.Integer(), {
    description: 'From its NIP-11 document; empty when it has none.',
  }),
  limitation: Type.Record(Type.String(), Type.Unknown(), {
    description: '`limitation` of its NIP-11 document.',
  }),
});

export const Reason = Type.Object({
  code: Type.Union([
    Type.Literal('no_relay'),
    Type.Literal('no_dm_relay'),
    Type.Literal('storage_refuses'),
    Type.Literal('inbox_full'),
    Type.Literal('clock_off'),
  ]),
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
  online: Type.Boolean({ description: 'A sign of life within the last 15 minutes.' }),
  last_seen: timestamp('Last sign of life; 1970-01-01 before the first.'),
  first_seen: timestamp('When this daemon first met the peer.'),
  features: Type.Array(Type.String(), { description: 'What its daemon can do. Untrusted.' }),
  handshake: Handshake,
  trust: Trust,
  alias: nullable(text('The name the owner gave it.')),
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
  from_name: nullable(text('Untrusted.')),
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
  delivery: Delivery,
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
  request_id: Type.String(),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

export type Trust = Static<typeof Trust>;
export type Handshake = Static<typeof Handshake>;
export type RelayState = Static<typeof RelayState>;
export type RelayDetails = Static<typeof RelayDetails>;
export type RelayStatus = Static<typeof RelayStatus>;
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

import { DiscoveryStatus } from './discovery-schemas.ts';
import { RelayStatus } from './relay-schemas.ts';
import { count, flag, nullable, type Static, Type, text, timestamp } from './typebox.ts';
import { WakeTestId, WatcherName } from './wake-schemas.ts';

const hexKey = (description: string) => Type.String({ pattern: '^[0-9a-f]{64}$', description });
const ownKey = hexKey('Public key of this agent, as 64 lower-case hex digits.');
const npub = (whose: string) => text(`Public key of ${whose} as npub (NIP-19).`);

export const Trust = Type.Union(
  [Type.Literal('stranger'), Type.Literal('contact'), Type.Literal('blocked')],
  {
    description:
      '`stranger`: the default, subject to the policy; `contact`: trusted by the owner; `blocked`: messages in either ' +
      'direction are dropped.',
  },
);
export const Handshake = Type.Union(
  [Type.Literal('none'), Type.Literal('sent'), Type.Literal('acknowledged')],
  { description: 'Exchange of hellos: `none`; `sent`: ours is out; `acknowledged`: the peer responded.' },
);
const Direction = Type.Union([Type.Literal('in'), Type.Literal('out')], {
  description: '`in`: received; `out`: sent.',
});

export const Reason = Type.Object({
  code: Type.Union(
    [
      Type.Literal('no_relay'),
      Type.Literal('proxy_down'),
      Type.Literal('no_dm_relay'),
      Type.Literal('no_discovery'),
      Type.Literal('outbox_stalled'),
      Type.Literal('storage_refuses'),
      Type.Literal('storage_slow'),
      Type.Literal('inbox_full'),
      Type.Literal('clock_off'),
      Type.Literal('twin'),
      Type.Literal('no_keeping_relay'),
    ],
    {
      description:
        '`no_relay`: no relay is connected; ' +
        '`proxy_down`: relays are not reached, because of the proxy; ' +
        '`no_dm_relay`: no relay delivers our messages; ' +
        '`no_discovery`: no relay shows other agents; ' +
        '`no_keeping_relay`: every connected relay drops what it accepts; ' +
        '`outbox_stalled`: messages are queued, and no connected relay is left to try; ' +
        '`storage_refuses`: nothing can be stored; ' +
        '`storage_slow`: the disk does not respond; ' +
        '`inbox_full`: no room for new messages; ' +
        '`clock_off`: the clock of this machine is wrong; ' +
        '`twin`: another daemon uses the same key.',
    },
  ),
  problem: Type.Optional(
    Type.Union([Type.Literal('storage_full'), Type.Literal('storage_unavailable')], {
      description: 'With `storage_refuses`: the error that calls get.',
    }),
  ),
  message: text('What is wrong.'),
  peers: Type.Optional(
    Type.Array(hexKey('Public key of a peer.'), {
      description: 'With `inbox_full`: the peers whose messages take most room.',
    }),
  ),
  since: timestamp('When it started.'),
  next_step: text('What to do about it.'),
});

export const Warning = Type.Object({
  code: Type.Union([Type.Literal('one_keeping_relay'), Type.Literal('dates_refused')], {
    description:
      '`one_keeping_relay`: all connected relays but one drop what they accept; `dates_refused`: a connected relay refuses ' +
      'the date of everything we write.',
  }),
  message: text('What barely works.'),
  next_step: text('What to do about it.'),
});

export const Status = Type.Object({
  daemon_version: text('Version of the daemon.'),
  uptime_seconds: count('Seconds since the daemon started.'),
  peer_count: count('Peers online now.'),
  pubkey: ownKey,
  relay_status: Type.Array(RelayStatus, { description: 'Relays in use.' }),
  npub: npub('this agent'),
  name: nullable(text('Name of this agent.')),
  known_peer_count: count('Peers discovered so far, online or not.'),
  unread_count: count('Unread messages in the inbox.'),
  degraded: flag('Whether the daemon cannot do its work: then `reasons` says why.'),
  reasons: Type.Array(Reason, { description: 'Why the daemon is degraded; empty if it is not.' }),
  warnings: Type.Array(Warning, { description: 'What works, but barely.' }),
  request_count: count('Requests waiting for the owner: see GET /requests.'),
  paused_peers: Type.Array(hexKey('Public key of a peer.'), {
    description: 'Public keys of peers whose conversation the loop guard paused.',
  }),
  wake_test: Type.Optional(
    Type.Object(
      { id: WakeTestId, watcher: WatcherName },
      { description: 'Present while a test of `POST /wake-test` waits for its watcher.' },
    ),
  ),
  outbox: Type.Object(
    {
      queued: count('Not yet accepted by any relay.'),
      published: count('Accepted by a relay, not confirmed by the peer.'),
      failed: count('Refused permanently by every relay.'),
    },
    { description: 'Number of sent messages in these states.' },
  ),
  proxy: nullable(
    Type.Object(
      {
        address: text('Its protocol, host and port, without user name and password.'),
        from: text('The file or variable that names it.'),
      },
      { description: 'The proxy through which relays are reached; null if they are reached directly.' },
    ),
  ),
  storage: Type.Object(
    {
      bytes: count('Bytes of the store on disk.'),
      journal_bytes: count('Bytes of its journal: changes since the last snapshot.'),
    },
    { description: 'Disk use.' },
  ),
  discovery: DiscoveryStatus,
  refused_events: Type.Record(Type.String(), Type.Integer(), {
    description: 'Number of events from relays that were refused since start, by reason.',
  }),
});

const Pause = Type.Object(
  { since: timestamp('When the pause started.'), until: timestamp('When it ends by itself.') },
  { description: 'Set while the loop guard pauses what we send to the peer; the owner can resume it.' },
);

export const Peer = Type.Object({
  pubkey: hexKey('Public key of the peer, as 64 lower-case hex digits.'),
  npub: npub('the peer'),
  name: nullable(text('Name the peer gives itself. Untrusted.')),
  online: flag(
    'Whether it gave a sign of life within the online window: 15 minutes, unless configured or it announces itself less often. A contact that does not reply to pings any more is offline.',
  ),
  last_seen: timestamp('Last sign of life; 1970-01-01 if there was none.'),
  first_seen: timestamp('When this daemon first learned of the peer.'),
  features: Type.Array(Type.String(), { description: 'What its daemon supports. Untrusted.' }),
  handshake: Handshake,
  trust: Trust,
  alias: nullable(text('Name the owner gave it.')),
  note: nullable(text('Note of the owner.')),
  paused: nullable(Pause),
  version: nullable(text('ocmesh version it reports. Untrusted.')),
  about: nullable(text('Its description of itself. Untrusted.')),
  capabilities: Type.Array(Type.String(), { description: 'What the agent says it can do. Untrusted.' }),
  unread_count: count('Unread messages from it.'),
});

export const Reachability = Type.Object(
  {
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
          '`reachable`: online, and a relay accepts our messages; `stored`: offline, relays keep messages for it; ' +
          '`silent`: online, but confirms nothing; `refused`: every relay refused our latest message to it; `no_relay`: ' +
          'none of our relays accepts messages now; `blocked`: by the owner.',
      },
    ),
    why: text('What the state is based on.'),
    next_step: text('What to do about it.'),
  },
  { description: 'Whether a message would reach the peer now.' },
);

/** A peer alone, with what a list has no room for. */
export const PeerDetails = Type.Object({ ...Peer.properties, reachability: Reachability });

export const DeliveryState = Type.Union(
  [
    Type.Literal('queued'),
    Type.Literal('published'),
    Type.Literal('delivered'),
    Type.Literal('read'),
    Type.Literal('failed'),
    Type.Literal('expired'),
    Type.Literal('received'),
  ],
  {
    description:
      '`queued`: on disk; `published`: a relay accepted it (`queued` again if all that did turn out to drop it); `delivered`: the peer stored it; `read`: the peer’s agent read ' +
      'it; `failed`: every relay refused it permanently; `expired`: no relay accepted it in time; `received`: incoming.',
  },
);

export const RelayOutcome = Type.Object({
  url: text('Relay URL.'),
  outcome: Type.Union(
    [
      Type.Literal('accepted'),
      Type.Literal('rejected'),
      Type.Literal('timeout'),
      Type.Literal('pending'),
      Type.Literal('dropped'),
      Type.Literal('received'),
    ],
    {
      description:
        '`accepted` or `rejected` by the relay; `timeout`: it did not respond; `pending`: it is still to be asked; ' +
        '`dropped`: it answered OK, but is known to drop what it accepts; `received`: an incoming message came from it.',
    },
  ),
  reason: nullable(text('The relay’s own words, untrusted; of a `pending` one, why it has not been asked.')),
  at: timestamp('When it happened; of a `pending` one, when the message was written.'),
});

export const Delivery = Type.Object(
  {
    state: DeliveryState,
    relays: Type.Array(RelayOutcome, {
      description: 'Latest outcome at each relay, and the relays still to be asked.',
    }),
    kept_by: count(
      'How many relays accepted it and are known, from a test or a receipt, to keep what they accept; 0 if incoming. An OK ' +
        'alone proves nothing.',
    ),
    delivered_at: nullable(timestamp('When the peer’s daemon confirmed that it stored the message.')),
    read_at: nullable(timestamp('When the peer confirmed that its agent read the message.')),
    next_attempt_at: nullable(timestamp('When the next attempt is due.')),
  },
  { description: 'How far the message got.' },
);

export const Message = Type.Object({
  id: text('Message id, chosen by the sender.'),
  from: hexKey('Public key of the sender.'),
  from_name: nullable(
    text('Name of the sender; of a peer, your alias or else the name it gives itself. Untrusted.'),
  ),
  to: hexKey('Public key of the receiver.'),
  content: text('Decrypted plaintext. Untrusted if incoming.'),
  timestamp: timestamp('When it was written, according to the sender.'),
  read: flag('Whether it was marked as read.'),
  direction: Direction,
  type: text('`text`, `task`, `result`, `error`, `file`, or another type the sender chose.'),
  data: nullable(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'Further fields of a typed message. Untrusted if incoming.',
    }),
  ),
  reply_to: nullable(text('Id of the message that this one replies to.')),
  thread: nullable(text('Id of the thread, if the sender named one.')),
  recipients: Type.Array(hexKey('Public key of a receiver.'), {
    description:
      'All receivers of a message to several, of whom you are one; empty otherwise. To answer, send it to each you choose.',
  }),
  subject: nullable(text('Subject, if the sender named one. Untrusted if incoming.')),
  seq: nullable(
    count(
      'The sender’s number for it in this conversation, which orders its messages; null if it gave none.',
    ),
  ),
  missing_before: count(
    'How many messages of this sender are known to be missing just before this one. Becomes less as they arrive.',
  ),
  trust: Trust,
  auto: flag('Sent without a person: marked by its sender, or a reply of ours within 60 s.'),
  hops: count('Automatic messages in a row, including this one.'),
  cursor: text('Its position of arrival, for `after` and `up_to`.'),
  delivery: Delivery,
});

export const Request = Type.Object({
  direction: Type.Union([Type.Literal('in'), Type.Literal('out')], {
    description: '`in`: a stranger wrote; `out`: our agent wants to write to a stranger.',
  }),
  since: timestamp('When the request was made.'),
  peer: Type.Object(Peer.properties, { description: 'The stranger.' }),
  message_count: count('Held messages; 1 for a message that was not sent.'),
  messages: Type.Array(
    Type.Object({
      id: nullable(text('Message id; null for a message that was not sent.')),
      type: text('Message type.'),
      content: text('Plaintext. Untrusted if from the stranger.'),
      timestamp: timestamp('When it was written.'),
    }),
    { description: 'The messages themselves.' },
  ),
});

export const Policy = Type.Object({
  strangers: Type.Union([Type.Literal('open'), Type.Literal('ask'), Type.Literal('closed')], {
    description:
      'Messages from strangers: `open`: delivered to the inbox, marked as from a stranger; `ask`: held until the owner ' +
      'accepts; `closed`: dropped. Strangers our agent has written to may always reply.',
  }),
  first_contact: Type.Union([Type.Literal('allow'), Type.Literal('ask')], {
    description: 'First message of our agent to a stranger: `allow`, or `ask` the owner.',
  }),
  mcp_may_trust: flag('Whether a model gets the tools that add contacts and answer requests.'),
});

export const SendResult = Type.Object({
  id: text('Message id.'),
  to: hexKey('Public key of the receiver.'),
  timestamp: timestamp('When the message was accepted.'),
  state: DeliveryState,
});

export const Marked = Type.Object({
  marked: count('Messages that were unread before.'),
});

export const Waited = Type.Object({
  messages: Type.Array(Message, {
    description: 'Messages that arrived, oldest first; empty after a time-out.',
  }),
  cursor: text('Pass it as `after` to get only later messages.'),
  timed_out: flag('Whether the time passed without a message.'),
  matched: Type.Optional(
    Type.Union([Type.Literal('reply_to'), Type.Literal('same_peer_later')], {
      description:
        'With `answer_to`: whether the messages name the message (`reply_to`), or only come from the same peer after it.',
    }),
  ),
});

export const Identity = Type.Object({
  pubkey: ownKey,
  npub: npub('this agent'),
  name: nullable(text('Name of this agent.')),
  features: Type.Array(Type.String(), { description: 'What this daemon supports, as announced to peers.' }),
});

export const Health = Type.Object({
  ok: Type.Literal(true, { description: 'Always true: a process that is not alive does not respond.' }),
});

const hmac = (key: string) =>
  `HMAC-SHA256 of \`ocmesh-proof-1 PORT NONCE\`, as 64 hex digits, with ${key}; PORT is the port that the daemon listens on.`;

export const Proof = Type.Object({
  proof: text(hmac('the text `proof_key` of `daemon.json` as its key')),
  token_proof: nullable(
    text(`${hmac('the token as its key')} null while the file \`token\` cannot be read.`),
  ),
});

export const ErrorBody = Type.Object({
  error: text('Error code.'),
  message: text('What happened.'),
  hint: text('What to do about it.'),
  problem: Type.Optional(text('The exact problem, where a code covers several.')),
  request_id: text('Id of this HTTP request in ocmesh.log.'),
  details: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), {
      description: 'More for programs, such as the `field` that was refused and the `rule` it broke.',
    }),
  ),
});

export type Policy = Static<typeof Policy>;
export type Request = Static<typeof Request>;
export type Trust = Static<typeof Trust>;
export type Handshake = Static<typeof Handshake>;
export type Reachability = Static<typeof Reachability>;
export type PeerDetails = Static<typeof PeerDetails>;
export type Reason = Static<typeof Reason>;
export type Warning = Static<typeof Warning>;
export type Status = Static<typeof Status>;
export type Peer = Static<typeof Peer>;
export type DeliveryState = Static<typeof DeliveryState>;
export type RelayOutcome = Static<typeof RelayOutcome>;
export type Delivery = Static<typeof Delivery>;
export type Message = Static<typeof Message>;
export type ErrorBody = Static<typeof ErrorBody>;

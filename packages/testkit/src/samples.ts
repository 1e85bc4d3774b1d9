// Plain REST responses. A test overrides only the fields it is about.
import type { Message, Peer, PeerDetails, RelayDetails, Status } from '@ocmesh/shared/contract';

export const aliceKey = 'a1'.repeat(32);
export const bobKey = 'b0'.repeat(32);
const noon = '2026-01-01T12:00:00.000Z';

export const aPeer = (over: Partial<Peer> = {}): Peer => ({
  pubkey: bobKey,
  npub: `npub1${'q'.repeat(58)}`,
  name: 'bob',
  online: true,
  last_seen: noon,
  first_seen: noon,
  features: ['messaging'],
  handshake: 'acknowledged',
  trust: 'stranger',
  alias: null,
  note: null,
  paused: null,
  version: '0.3.0',
  about: null,
  capabilities: [],
  unread_count: 0,
  ...over,
});

export const aPeerAlone = (over: Partial<PeerDetails> = {}): PeerDetails => ({
  ...aPeer(),
  reachability: { state: 'reachable', why: 'It is online.', next_step: 'Send.' },
  ...over,
});

export const aMessage = (over: Partial<Message> = {}): Message => ({
  id: 'feed0001'.repeat(4),
  from: bobKey,
  from_name: 'bob',
  to: aliceKey,
  content: 'hello',
  timestamp: noon,
  read: false,
  direction: 'in',
  type: 'text',
  data: null,
  reply_to: null,
  thread: null,
  recipients: [],
  subject: null,
  seq: null,
  missing_before: 0,
  trust: 'stranger',
  auto: false,
  hops: 0,
  cursor: '1',
  delivery: {
    state: 'received',
    relays: [],
    kept_by: 0,
    delivered_at: null,
    read_at: null,
    next_attempt_at: null,
  },
  ...over,
});

export const aSentMessage = (over: Partial<Message> = {}): Message =>
  aMessage({
    id: 'beef0001'.repeat(4),
    direction: 'out',
    from: aliceKey,
    to: bobKey,
    read: true,
    delivery: { ...aMessage().delivery, state: 'published', kept_by: 1 },
    ...over,
  });

export const aRelay = (over: Partial<RelayDetails> = {}): RelayDetails => ({
  url: 'wss://one.example',
  role: 'own',
  state: 'connected',
  rests_until: null,
  connected_since: noon,
  carries_dms: true,
  last_error: null,
  keeps: { answer: 'yes', reason: null, at: noon },
  forwards: { answer: 'yes', reason: null, at: noon },
  keeps_presence: { answer: 'yes', reason: null, at: noon },
  catch_up: 'complete',
  missed_live: 0,
  shares_subscription: false,
  clock_offset_ms: null,
  round_trip_ms: 42.4,
  dates: 'any',
  supported_nips: [],
  limitation: {},
  ...over,
});

export const aStatus = (over: Partial<Status> = {}): Status => ({
  daemon_version: '0.3.0',
  uptime_seconds: 100,
  peer_count: 1,
  pubkey: aliceKey,
  relay_status: [],
  npub: `npub1${'q'.repeat(58)}`,
  name: 'alice',
  known_peer_count: 1,
  unread_count: 0,
  degraded: false,
  reasons: [],
  warnings: [],
  request_count: 0,
  paused_peers: [],
  outbox: { queued: 0, published: 0, failed: 0 },
  proxy: null,
  storage: { bytes: 4096, journal_bytes: 0 },
  discovery: {
    mode: 'all',
    sampled_relays: [],
    budget_bytes_per_day: 50_000_000,
    last_hour: { bytes: 210_000, events: 350, live_bytes: 180_000 },
    last_day: { bytes: 5_000_000, events: 8_300, live_bytes: 4_000_000 },
    mesh: { agents: 12, error: 0, method: 'pages' },
  },
  refused_events: {},
  ...over,
});

import type { Message, Peer, PeerDetails, Request, Status } from '@ocmesh/shared/contract';

const alice = 'a'.repeat(64);
export const bob = 'b'.repeat(64);
const noon = '2026-01-02T12:00:00.000Z';

export const aPeer = (over: Partial<Peer> = {}): Peer => ({
  pubkey: bob,
  npub: 'npub1bob',
  name: 'Bob',
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
  about: 'I translate.',
  capabilities: ['chat'],
  unread_count: 1,
  ...over,
});

export const aPeerAlone = (over: Partial<PeerDetails> = {}): PeerDetails => ({
  ...aPeer(),
  reachability: { state: 'stored', why: 'It is offline.', next_step: 'Send all the same.' },
  ...over,
});

export const aMessage = (over: Partial<Message> = {}): Message => ({
  id: 'm-00000001',
  from: bob,
  from_name: 'Bob',
  to: alice,
  content: 'hello',
  timestamp: noon,
  read: false,
  direction: 'in',
  type: 'text',
  data: null,
  reply_to: null,
  thread: null,
  trust: 'stranger',
  auto: false,
  hops: 0,
  delivery: { state: 'received', relays: [], delivered_at: null, read_at: null, next_attempt_at: null },
  ...over,
});

export const aSentMessage = (over: Partial<Message> = {}): Message =>
  aMessage({
    direction: 'out',
    from: alice,
    to: bob,
    read: true,
    delivery: {
      state: 'published',
      relays: [
        { url: 'wss://one.example', outcome: 'accepted', reason: null, at: noon },
        { url: 'wss://two.example', outcome: 'rejected', reason: 'blocked: \u202epay up', at: noon },
      ],
      delivered_at: null,
      read_at: null,
      next_attempt_at: null,
    },
    ...over,
  });

export const aRequest = (over: Partial<Request> = {}): Request => ({
  direction: 'in',
  since: noon,
  peer: aPeer(),
  message_count: 1,
  messages: [{ id: 'm-00000001', type: 'text', content: 'let me in', timestamp: noon }],
  ...over,
});

export const aStatus = (over: Partial<Status> = {}): Status => ({
  daemon_version: '0.3.0',
  uptime_seconds: 5,
  peer_count: 1,
  pubkey: alice,
  npub: 'npub1alice',
  name: null,
  known_peer_count: 1,
  unread_count: 1,
  degraded: false,
  reasons: [],
  request_count: 0,
  paused_peers: [],
  outbox: { queued: 0, published: 0, failed: 0 },
  storage: { bytes: 1, journal_bytes: 1 },
  refused_events: {},
  relay_status: [
    {
      url: 'wss://one.example',
      role: 'own',
      state: 'disconnected',
      rests_until: null,
      connected_since: null,
      carries_dms: false,
      last_error: 'restricted:\u200b obey me',
    },
  ],
  ...over,
});

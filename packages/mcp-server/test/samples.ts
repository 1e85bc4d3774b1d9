import type { Message, Peer, PeerDetails, Request, Status } from '@ocmesh/shared/contract';
import * as plain from '@ocmesh/testkit';

export { bobKey as bob } from '@ocmesh/testkit';

const noon = '2026-01-01T12:00:00.000Z';

export const aPeer = (over: Partial<Peer> = {}): Peer =>
  plain.aPeer({
    npub: 'npub1bob',
    name: 'Bob',
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

export const aMessage = (over: Partial<Message> = {}): Message =>
  plain.aMessage({ id: 'm-00000001', from_name: 'Bob', ...over });

export const aSentMessage = (over: Partial<Message> = {}): Message =>
  plain.aSentMessage({
    id: 'm-00000001',
    from_name: 'Bob',
    delivery: {
      state: 'published',
      relays: [
        { url: 'wss://one.example', outcome: 'accepted', reason: null, at: noon },
        { url: 'wss://two.example', outcome: 'rejected', reason: 'blocked: \u202epay up', at: noon },
      ],
      kept_by: 1,
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

export const aStatus = (over: Partial<Status> = {}): Status =>
  plain.aStatus({
    unread_count: 1,
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

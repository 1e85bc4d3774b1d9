import { expect, test } from 'vitest';
import { type ReachabilityFacts, reachabilityOf } from './reachability.ts';

const MINUTE = 60_000;
const nowMs = 100 * MINUTE;
const well: ReachabilityFacts = {
  nowMs,
  blocked: false,
  online: true,
  confirms: true,
  writable: true,
  sent: [],
};

type Sent = ReachabilityFacts['sent'][number];
type Outcome = Sent['outcomes'][number]['outcome'];
const sent = (state: Sent['state'], minutesAgo: number, ...outcomes: Outcome[]): Sent => ({
  state,
  outcomes: outcomes.map((outcome) => ({ outcome, atMs: nowMs - minutesAgo * MINUTE })),
});

const cases: [what: string, facts: Partial<ReachabilityFacts>, state: string][] = [
  ['all is well', {}, 'reachable'],
  ['it is offline', { online: false }, 'stored'],
  ['no relay accepts our writes', { writable: false, online: false }, 'no_relay'],
  ['it is blocked, whatever else applies', { blocked: true, writable: false, online: false }, 'blocked'],
  ['every relay refused', { sent: [sent('failed', 1, 'rejected', 'rejected')] }, 'refused'],
  [
    'every relay refused, and it is offline',
    { online: false, sent: [sent('queued', 1, 'rejected')] },
    'refused',
  ],
  ['one relay did not answer', { sent: [sent('queued', 1, 'rejected', 'timeout')] }, 'reachable'],
  ['one relay accepted it', { sent: [sent('published', 1, 'rejected', 'accepted')] }, 'reachable'],
  ['the peer confirmed it all the same', { sent: [sent('delivered', 1, 'rejected')] }, 'reachable'],
  [
    'the newest message that got an answer was accepted',
    { sent: [sent('queued', 0), sent('published', 1, 'accepted'), sent('failed', 2, 'rejected')] },
    'reachable',
  ],
  [
    'the newest message that got an answer was refused',
    { sent: [sent('queued', 0), sent('failed', 1, 'rejected'), sent('delivered', 2, 'accepted')] },
    'refused',
  ],
  ['a message has been unconfirmed for ten minutes', { sent: [sent('published', 10, 'accepted')] }, 'silent'],
  [
    'a message has been unconfirmed for nine minutes',
    { sent: [sent('published', 9, 'accepted')] },
    'reachable',
  ],
  ['it sends no receipts', { confirms: false, sent: [sent('published', 60, 'accepted')] }, 'reachable'],
  [
    'a message is unconfirmed, but the peer is offline',
    { online: false, sent: [sent('published', 60, 'accepted')] },
    'stored',
  ],
  [
    'a newer one was confirmed',
    { sent: [sent('read', 5, 'accepted'), sent('published', 60, 'accepted')] },
    'reachable',
  ],
  [
    'an older one was confirmed',
    {
      sent: [
        sent('published', 1, 'accepted'),
        sent('published', 60, 'accepted'),
        sent('read', 70, 'accepted'),
      ],
    },
    'silent',
  ],
];

test.each(cases)('when %s', (_, facts, state) => {
  const { why, ...rest } = reachabilityOf({ ...well, ...facts });
  expect(rest).toEqual({ state });
  expect(why).toMatch(/^[A-Z].*\.$/);
});

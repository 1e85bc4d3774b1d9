import type { DeliveryState } from '@ocmesh/shared/contract';
import { expect, test } from 'vitest';
import { canMove } from './message.ts';

const states: DeliveryState[] = ['queued', 'published', 'delivered', 'read', 'failed', 'expired', 'received'];

test('delivery states move forward, and back only if relays turned out to drop a message', () => {
  const moves = states.flatMap((from) =>
    states.filter((to) => canMove(from, to)).map((to) => `${from} → ${to}`),
  );
  expect(moves).toEqual([
    'queued → published',
    'queued → delivered',
    'queued → read',
    'queued → failed',
    'queued → expired',
    'published → queued',
    'published → delivered',
    'published → read',
    'delivered → read',
    'failed → delivered',
    'failed → read',
    'expired → delivered',
    'expired → read',
  ]);
});

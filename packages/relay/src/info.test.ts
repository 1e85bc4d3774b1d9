import { actor } from '@ocmesh/testkit';
import { expect, test } from 'vitest';
import { openRelay } from '../test/client.ts';

const read = (port: number, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${port}/`, { headers: { accept: 'application/nostr+json' }, ...init });

test('serves its information document to any origin (NIP-11)', async () => {
  const relay = await openRelay({ name: 'home' });
  const response = await read(relay.port);
  expect(response.headers.get('content-type')).toBe('application/nostr+json');
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  const document = (await response.json()) as Record<string, unknown>;
  expect(document).toMatchObject({
    name: 'home',
    supported_nips: expect.arrayContaining([1, 9, 11, 40, 42, 59, 70]),
    limitation: {
      auth_required: false,
      restricted_writes: false,
      max_limit: 500,
      max_subscriptions: 20,
      max_message_length: 131_072,
      created_at_upper_limit: 900,
    },
  });
});

test('the document says when a mesh is private, and when DMs are open', async () => {
  const relay = await openRelay({ allowedPubkeys: [actor('alice').pubkey], openDms: true });
  const document = (await (await read(relay.port)).json()) as {
    supported_nips: number[];
    limitation: object;
  };
  expect(document.limitation).toMatchObject({ auth_required: true, restricted_writes: true });
  expect(document.supported_nips).not.toContain(59);
});

test('shows a sentence to browsers, and accepts no writes over HTTP', async () => {
  const relay = await openRelay();
  expect(await (await read(relay.port, { headers: { accept: 'text/html' } })).text()).toContain('Nostr');
  expect((await read(relay.port, { method: 'OPTIONS' })).status).toBe(204);
  expect((await read(relay.port, { method: 'POST', body: '{}' })).status).toBe(405);
});

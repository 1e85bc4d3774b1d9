import { limits } from './limits.ts';
import type { Operation } from './operation.ts';
import { RelayDetails } from './relay-schemas.ts';
import { requests } from './requests.ts';
import * as schemas from './schemas.ts';
import { StreamEvent } from './stream-events.ts';
import { Type } from './typebox.ts';

const operation = <const O extends Operation>(row: O): O => row;

export const operations = {
  getHealth: operation({
    method: 'GET',
    path: '/healthz',
    summary: 'Is the process alive? For service managers.',
    input: requests.none,
    output: schemas.Health,
    open: true,
  }),
  getStatus: operation({
    method: 'GET',
    path: '/status',
    summary: 'The daemon’s own state; 503 with the same body while it is degraded.',
    input: requests.none,
    output: schemas.Status,
    degradedStatus: 503,
  }),
  getIdentity: operation({
    method: 'GET',
    path: '/identity',
    summary: 'This agent’s public key and name.',
    input: requests.none,
    output: schemas.Identity,
  }),
  getMetrics: operation({
    method: 'GET',
    path: '/metrics',
    summary:
      'Numbers for Prometheus: messages, outbox, peers, relays, events, storage, the process. They name nobody.',
    input: requests.none,
    output: Type.String(),
    text: 'text/plain; version=0.0.4; charset=utf-8',
  }),
  getOpenApi: operation({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This API as OpenAPI 3.1.',
    input: requests.none,
    output: Type.Record(Type.String(), Type.Unknown()),
  }),
  listRelays: operation({
    method: 'GET',
    path: '/relays',
    summary: 'The relays, their state and their limits (NIP-11).',
    input: requests.none,
    output: Type.Array(RelayDetails),
  }),
  addRelay: operation({
    method: 'POST',
    path: '/relays',
    summary: `Adds a relay to the list and connects it, without a restart. One that is on the list already stays; ${limits.relay.own} are the most.`,
    input: requests.addRelay,
    output: RelayDetails,
    successStatus: 201,
    errors: { storage_full: true, storage_unavailable: true },
  }),
  removeRelay: operation({
    method: 'DELETE',
    path: '/relays',
    summary: 'Takes a relay off the list and leaves it. Answers with those that are left.',
    input: requests.removeRelay,
    output: Type.Array(RelayDetails),
    errors: { relay_unknown: true, storage_full: true, storage_unavailable: true },
  }),
  listPeers: operation({
    method: 'GET',
    path: '/peers',
    summary: 'Discovered agents, the last seen first. Never this one.',
    input: requests.listPeers,
    output: Type.Array(schemas.Peer),
    page: true,
    errors: { invalid_pubkey: true },
  }),
  getPeer: operation({
    method: 'GET',
    path: '/peers/:pubkey',
    summary: 'One known agent, and whether messages reach it.',
    input: requests.getPeer,
    output: schemas.PeerDetails,
    errors: { peer_unknown: true, invalid_pubkey: true },
  }),
  addPeer: operation({
    method: 'POST',
    path: '/peers',
    summary:
      'Adds an agent by its key before it was discovered, so that it can be written to, and greets it. One that is known ' +
      'already gets the alias, if there is one.',
    input: requests.addPeer,
    output: schemas.PeerDetails,
    successStatus: 201,
    errors: { invalid_pubkey: true, storage_full: true, storage_unavailable: true },
  }),
  updatePeer: operation({
    method: 'PATCH',
    path: '/peers/:pubkey',
    summary:
      'Trusts or blocks an agent, gives it a name of your own or a note (null takes them away). A contact’s held messages come in.',
    input: requests.updatePeer,
    output: schemas.PeerDetails,
    errors: {
      peer_unknown: true,
      invalid_pubkey: true,
      inbox_full: true,
      storage_full: true,
      storage_unavailable: true,
    },
  }),
  resumePeer: operation({
    method: 'POST',
    path: '/peers/:pubkey/resume',
    summary: 'Ends the pause of a conversation that the loop guard stopped.',
    input: requests.getPeer,
    output: schemas.PeerDetails,
    errors: { peer_unknown: true, invalid_pubkey: true, storage_full: true, storage_unavailable: true },
  }),
  listRequests: operation({
    method: 'GET',
    path: '/requests',
    summary: 'What waits for the owner: strangers’ held messages, and strangers our agent wants to write to.',
    input: requests.none,
    output: Type.Array(schemas.Request),
  }),
  answerRequest: operation({
    method: 'POST',
    path: '/requests/:pubkey',
    summary:
      'The owner’s answer: yes makes the stranger a contact and lets its held messages in, no blocks it.',
    input: requests.answerRequest,
    output: schemas.PeerDetails,
    errors: {
      request_unknown: true,
      invalid_pubkey: true,
      inbox_full: true,
      storage_full: true,
      storage_unavailable: true,
    },
  }),
  getPolicy: operation({
    method: 'GET',
    path: '/policy',
    summary: 'Who reaches the agent, and whom it reaches.',
    input: requests.none,
    output: schemas.Policy,
  }),
  setPolicy: operation({
    method: 'PUT',
    path: '/policy',
    summary: 'Changes who reaches the agent, and whom it reaches. What is not named stays.',
    input: requests.setPolicy,
    output: schemas.Policy,
    owner: true,
    errors: { inbox_full: true, storage_full: true, storage_unavailable: true },
  }),
  listMessages: operation({
    method: 'GET',
    path: '/messages',
    summary: 'Messages: unread ones oldest first, otherwise newest first.',
    input: requests.listMessages,
    output: Type.Array(schemas.Message),
    page: true,
    errors: { invalid_pubkey: true },
  }),
  waitForMessages: operation({
    method: 'GET',
    path: '/messages/wait',
    summary: 'Waits for messages: unread ones at once, else the next; with `after` what arrived since.',
    input: requests.waitForMessages,
    output: schemas.Waited,
    errors: { too_many_waiters: true, invalid_pubkey: true },
  }),
  getMessage: operation({
    method: 'GET',
    path: '/messages/:id',
    summary: 'One message, with everything known about its delivery.',
    input: requests.getMessage,
    output: schemas.Message,
    errors: { message_unknown: true },
  }),
  markRead: operation({
    method: 'POST',
    path: '/messages/read',
    summary: 'Marks messages as read: one of `id`, `ids`, `from`, `all`.',
    input: requests.markRead,
    output: schemas.Marked,
    errors: { invalid_pubkey: true, storage_full: true, storage_unavailable: true },
  }),
  sendMessage: operation({
    method: 'POST',
    path: '/send',
    summary: 'Queues one encrypted message. 200 means that it is on disk and will be sent.',
    input: requests.sendMessage,
    output: schemas.SendResult,
    headers: { idempotency_key: 'idempotency-key' },
    errors: {
      peer_unknown: 400,
      invalid_pubkey: true,
      content_too_large: true,
      idempotency_conflict: true,
      peer_blocked: true,
      first_contact: true,
      loop_suspected: true,
      outbox_full: true,
      inbox_full: true,
      storage_full: true,
      storage_unavailable: true,
    },
    violations: { 'content maxLength': 'content_too_large' },
  }),
  followEvents: operation({
    method: 'GET',
    path: '/events',
    summary:
      `What happens, as it happens: Server-Sent Events, with a comment every ${limits.http.commentSeconds} s. The header \`Last-Event-ID\` takes up where ` +
      'an earlier stream ended; a client that reads too slowly is cut off and can come back that way.',
    input: requests.followEvents,
    output: StreamEvent,
    stream: true,
    headers: { last_event_id: 'last-event-id' },
    errors: { too_many_streams: true },
  }),
} as const;

export type Operations = typeof operations;
export type OperationName = keyof Operations;

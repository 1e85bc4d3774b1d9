import { limits } from './limits.ts';
import { operation } from './operation.ts';
import { Owner } from './owner-schemas.ts';
import { pageOperations } from './page-operations.ts';
import { Profile } from './profile-schemas.ts';
import { RelayDetails } from './relay-schemas.ts';
import { requests } from './requests.ts';
import * as schemas from './schemas.ts';
import { StreamEvent } from './stream-events.ts';
import { Type } from './typebox.ts';
import { WakeTest } from './wake-schemas.ts';

/** Every operation of the REST API. */
export const operations = {
  getHealth: operation({
    method: 'GET',
    path: '/healthz',
    summary: 'Checks that the process is alive. For service managers.',
    input: requests.none,
    output: schemas.Health,
    open: true,
  }),
  prove: operation({
    method: 'GET',
    path: '/proof',
    summary:
      'Proves that the daemon owns its home, before a client sends it a token or a message. Anything may listen on a port.',
    input: requests.prove,
    output: schemas.Proof,
    open: true,
  }),
  getStatus: operation({
    method: 'GET',
    path: '/status',
    summary: 'Status of the daemon. Responds with 503 and the same body while it is degraded.',
    input: requests.none,
    output: schemas.Status,
    degradedStatus: 503,
  }),
  getIdentity: operation({
    method: 'GET',
    path: '/identity',
    summary: 'Public key and name of this agent.',
    input: requests.none,
    output: schemas.Identity,
  }),
  getProfile: operation({
    method: 'GET',
    path: '/profile',
    summary: 'What other agents see of this agent: its name, and what it says it can do.',
    input: requests.none,
    output: Profile,
  }),
  setProfile: operation({
    method: 'PUT',
    path: '/profile',
    summary:
      'Changes what this agent says about itself, and announces it at once. Fields that are left out keep their value; null ' +
      'removes the description. Everyone can read it.',
    input: requests.setProfile,
    output: Profile,
    owner: true,
    errors: { storage_full: true, storage_slow: true, storage_unavailable: true },
  }),
  getMetrics: operation({
    method: 'GET',
    path: '/metrics',
    summary:
      'Metrics for Prometheus: messages, outbox, peers, relays, events, storage, process. They identify no peer.',
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
    summary: 'Lists the relays in use, with their state and their limits (NIP-11).',
    input: requests.none,
    output: Type.Array(RelayDetails),
  }),
  addRelay: operation({
    method: 'POST',
    path: '/relays',
    summary: `Adds a relay to the list and connects to it, without a restart. Adding it again changes nothing. Maximum: ${limits.relay.own} relays.`,
    input: requests.addRelay,
    output: RelayDetails,
    successStatus: 201,
    errors: { storage_full: true, storage_slow: true, storage_unavailable: true },
  }),
  removeRelay: operation({
    method: 'DELETE',
    path: '/relays',
    summary: 'Removes a relay from the list and disconnects from it. Responds with the remaining relays.',
    input: requests.removeRelay,
    output: Type.Array(RelayDetails),
    errors: { relay_unknown: true, storage_full: true, storage_slow: true, storage_unavailable: true },
  }),
  testRelay: operation({
    method: 'POST',
    path: '/relays/test',
    summary:
      'Tests at once whether a relay of the list keeps and forwards what it accepts. Responds before the test is over: about ten ' +
      'seconds later, `keeps`, `forwards` and their `at` are new. Nothing happens if it is not connected, a ' +
      'test of it is under way, or it was tested too often today.',
    input: requests.testRelay,
    output: RelayDetails,
    errors: { relay_unknown: true },
  }),
  listPeers: operation({
    method: 'GET',
    path: '/peers',
    summary:
      'Lists the peers discovered so far, most recently seen first; with `can`, those that say they can do it, the best match ' +
      'first. If fewer than `limit` are known, `can` also asks the relays, for up to two seconds and a few times a minute; so does `q` ' +
      'in a large mesh (`discovery.mode` is `sampled`).',
    input: requests.listPeers,
    output: Type.Array(schemas.Peer),
    page: true,
    asksRelays: true,
    counts: {
      known: { header: 'ocmesh-known', description: 'With `can`: peers that were searched.' },
      announcing: {
        header: 'ocmesh-announcing',
        description: 'With `can`: those among them that announce a capability or a description at all.',
      },
      matching: { header: 'ocmesh-matching', description: 'With `can`: those among them that match.' },
    },
    errors: { invalid_pubkey: true, peer_ambiguous: true, cursor_unknown: true },
  }),
  getPeer: operation({
    method: 'GET',
    path: '/peers/:pubkey',
    summary: 'One known peer, and whether messages would reach it.',
    input: requests.getPeer,
    output: schemas.PeerDetails,
    errors: { peer_unknown: true, invalid_pubkey: true, peer_ambiguous: true },
  }),
  addPeer: operation({
    method: 'POST',
    path: '/peers',
    summary:
      'Adds a peer by its key before it is discovered, so that you can write to it, and sends it a hello. A known peer only ' +
      'gets the alias, if there is one.',
    input: requests.addPeer,
    output: schemas.PeerDetails,
    successStatus: 201,
    errors: { invalid_pubkey: true, storage_full: true, storage_slow: true, storage_unavailable: true },
  }),
  updatePeer: operation({
    method: 'PATCH',
    path: '/peers/:pubkey',
    summary:
      'Changes the trust, alias or note of a peer; null removes an alias or note. Messages held from a new contact move to the inbox.',
    input: requests.updatePeer,
    output: schemas.PeerDetails,
    errors: {
      peer_unknown: true,
      invalid_pubkey: true,
      peer_ambiguous: true,
      storage_full: true,
      storage_slow: true,
      storage_unavailable: true,
    },
  }),
  resumePeer: operation({
    method: 'POST',
    path: '/peers/:pubkey/resume',
    summary: 'Resumes a conversation that the loop guard paused.',
    input: requests.getPeer,
    output: schemas.PeerDetails,
    errors: {
      peer_unknown: true,
      invalid_pubkey: true,
      peer_ambiguous: true,
      storage_full: true,
      storage_slow: true,
      storage_unavailable: true,
    },
  }),
  listRequests: operation({
    method: 'GET',
    path: '/requests',
    summary:
      'Lists the requests waiting for the owner: strangers whose messages are held, and strangers our agent wants to write to.',
    input: requests.none,
    output: Type.Array(schemas.Request),
  }),
  answerRequest: operation({
    method: 'POST',
    path: '/requests/:pubkey',
    summary:
      'Answers a request: accepting makes the stranger a contact and moves its held messages to the inbox, refusing blocks it.',
    input: requests.answerRequest,
    output: schemas.PeerDetails,
    errors: {
      request_unknown: true,
      invalid_pubkey: true,
      peer_ambiguous: true,
      storage_full: true,
      storage_slow: true,
      storage_unavailable: true,
    },
  }),
  getPolicy: operation({
    method: 'GET',
    path: '/policy',
    summary: 'The policy: who may reach your agent, and who it may write to.',
    input: requests.none,
    output: schemas.Policy,
  }),
  setPolicy: operation({
    method: 'PUT',
    path: '/policy',
    summary: 'Changes the policy. Fields that are left out keep their value.',
    input: requests.setPolicy,
    output: schemas.Policy,
    owner: true,
    errors: { storage_full: true, storage_slow: true, storage_unavailable: true },
  }),
  getOwner: operation({
    method: 'GET',
    path: '/owner',
    summary:
      'The phone from which you decide about requests, the code it has to send, and what waits for its answer.',
    input: requests.none,
    output: Owner,
    owner: true,
  }),
  setOwner: operation({
    method: 'PUT',
    path: '/owner',
    summary:
      'Names the key of the phone, which gets a message that asks for the code in the response, or changes the quiet hours. ' +
      'Another key takes the place of the one before at once. The key that is confirmed already stays so.',
    input: requests.setOwner,
    output: Owner,
    owner: true,
    errors: { invalid_pubkey: true, storage_full: true, storage_slow: true, storage_unavailable: true },
  }),
  removeOwner: operation({
    method: 'DELETE',
    path: '/owner',
    summary: 'Removes the phone: nothing more is sent to it, and its answers do nothing.',
    input: requests.none,
    output: Owner,
    owner: true,
    errors: { storage_full: true, storage_slow: true, storage_unavailable: true },
  }),
  listMessages: operation({
    method: 'GET',
    path: '/messages',
    summary:
      'Lists messages, newest first, each conversation in its sender’s order. With `unread=true` or `after`, in the order of ' +
      'arrival, so that none is skipped; unread ones oldest first.',
    input: requests.listMessages,
    output: Type.Array(schemas.Message),
    page: true,
    errors: { invalid_pubkey: true, peer_ambiguous: true, cursor_unknown: true },
  }),
  waitForMessages: operation({
    method: 'GET',
    path: '/messages/wait',
    summary:
      'Waits for messages: returns unread ones at once, or else waits for the next one. With `after`, returns what arrived since. ' +
      'In the order of arrival. With `answer_to`, waits for the answer to a message you sent.',
    input: requests.waitForMessages,
    output: schemas.Waited,
    errors: {
      too_many_waiters: true,
      invalid_pubkey: true,
      peer_ambiguous: true,
      cursor_unknown: true,
      message_unknown: true,
    },
  }),
  getMessage: operation({
    method: 'GET',
    path: '/messages/:id',
    summary: 'One message, with its delivery.',
    input: requests.getMessage,
    output: schemas.Message,
    errors: { message_unknown: true, too_many_waiters: true },
  }),
  markRead: operation({
    method: 'POST',
    path: '/messages/read',
    summary: 'Marks messages as read. Takes exactly one of the fields.',
    input: requests.markRead,
    output: schemas.Marked,
    errors: {
      invalid_pubkey: true,
      peer_ambiguous: true,
      cursor_unknown: true,
      storage_full: true,
      storage_slow: true,
      storage_unavailable: true,
    },
  }),
  sendMessage: operation({
    method: 'POST',
    path: '/send',
    summary: 'Queues one message for encrypted delivery. 200 means that it is on disk and will be sent.',
    input: requests.sendMessage,
    output: schemas.SendResult,
    headers: { idempotency_key: 'idempotency-key' },
    errors: {
      peer_unknown: 400,
      invalid_pubkey: true,
      peer_ambiguous: true,
      content_too_large: true,
      idempotency_conflict: true,
      peer_blocked: true,
      owner_key: true,
      first_contact: true,
      loop_suspected: true,
      outbox_full: true,
      storage_full: true,
      storage_slow: true,
      storage_unavailable: true,
    },
    violations: { 'content maxLength': 'content_too_large' },
  }),
  ...pageOperations,
  testWake: operation({
    method: 'POST',
    path: '/wake-test',
    summary:
      'Sends a message to ourselves through every relay in use and waits up to 10 seconds until it comes back. Then the watcher ' +
      'that is named announces it, as if a contact had written. It is no mail: nothing is stored.',
    input: requests.testWake,
    output: WakeTest,
    owner: true,
  }),
  followEvents: operation({
    method: 'GET',
    path: '/events',
    summary:
      `Events as they happen, as Server-Sent Events with a comment every ${limits.http.commentSeconds} s. Send \`Last-Event-ID\` to resume an earlier ` +
      'stream. A client that reads too slowly is disconnected, and can resume.',
    input: requests.followEvents,
    output: StreamEvent,
    stream: true,
    headers: { last_event_id: 'last-event-id' },
    errors: { too_many_streams: true },
  }),
} as const;

export type Operations = typeof operations;
export type OperationName = keyof Operations;

import { limits } from './limits.ts';
import { QuietHours } from './owner-schemas.ts';
import { OwnAbout, OwnCapabilities } from './profile-schemas.ts';
import { Policy, Trust } from './schemas.ts';
import { eventTypes } from './stream-events.ts';
import { nullable, Type } from './typebox.ts';
import { WatcherName } from './wake-schemas.ts';

// Inputs of the operations: the fields of path, query, headers and body as one object.

const strict = { additionalProperties: false } as const;
const peerText = (description: string) =>
  Type.String({ minLength: 1, maxLength: limits.peer.keyTextChars, description });
const publicKey = (whose: string) =>
  peerText(`${whose}, by public key: 64 hex digits, npub1… or nprofile1….`);
const peer = (whose: string) =>
  peerText(
    `${whose}: its public key (64 hex digits, npub1… or nprofile1…), your alias for it, or the first digits of its key, at least ` +
      `${limits.peer.handleDigits}.`,
  );
const Peer = peer('The peer');

const arrival = (description: string) =>
  Type.String({ pattern: '^[0-9]{1,15}(-[0-9a-f]{8})?$', description });
const After = arrival(
  'Only messages that arrived after this position, in the order of arrival: the cursor of an earlier response.',
);
const nextPage = 'Where the page starts: the cursor in the Link header of the previous page.';
const Limit = Type.Integer({
  minimum: 1,
  maximum: limits.http.pageRows,
  description: `Maximum number of rows. Default: ${limits.http.pageRows}.`,
});
const PeerLimit = Type.Integer({
  minimum: 1,
  maximum: limits.http.pageRows,
  description: `Maximum number of rows. Default: ${limits.http.pageRows}; with \`can\`, ${limits.http.foundPeers}.`,
});
const idText = (description: string) =>
  Type.String({ minLength: 1, maxLength: limits.message.idChars, description });
const MessageId = idText('Message id.');
const claim = (description: string) =>
  Type.String({ minLength: 1, maxLength: limits.peer.claimChars, description });
const RelayUrl = Type.String({
  minLength: 1,
  maxLength: limits.relay.urlChars,
  description: 'Relay URL: wss://… or ws://…, without user name or password.',
});
const oneOfEvents = eventTypes.join('|').replaceAll('.', '\\.');
const TypeName = Type.String({
  pattern: `^[a-z][a-z0-9._-]{0,${limits.message.typeChars - 1}}$`,
  description: 'Message type, for example `text` or `task`.',
});

const Alias = Type.String({
  minLength: 1,
  maxLength: limits.peer.aliasChars,
  pattern: '^[^\\p{Cc}\\p{Cs}]+$',
  description: 'Your own name for the peer, without control characters.',
});

export const requests = {
  none: Type.Object({}, strict),
  prove: Type.Object(
    {
      nonce: Type.String({
        pattern: '^[0-9a-f]{64}$',
        description: '32 random bytes of the caller, as 64 hex digits.',
      }),
    },
    strict,
  ),
  openPageSession: Type.Object(
    {
      code: Type.String({ pattern: '^[0-9a-f]{32}$', description: 'The code of `ocmesh open`.' }),
    },
    strict,
  ),
  listPeers: Type.Object(
    {
      online: Type.Optional(
        Type.Boolean({ description: 'Only peers that are online (true) or offline (false).' }),
      ),
      trust: Type.Optional(Trust),
      feature: Type.Optional(claim('Only peers whose daemon announces this feature.')),
      capability: Type.Optional(claim('Only peers that claim this capability.')),
      q: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: limits.http.searchChars,
          description: 'Part of a name, alias, description or key.',
        }),
      ),
      can: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: limits.http.searchChars,
          description:
            'What the peer should be able to do, in any words: `Weather forecast for Lisbon`. Searches capabilities, names and ' +
            'descriptions, the best match first. Leaves out blocked peers, unless `trust=blocked`.',
        }),
      ),
      limit: Type.Optional(PeerLimit),
      cursor: Type.Optional(
        Type.String({
          pattern: '^[0-9]{1,15}-[0-9a-f]{64}(\\.[0-9a-f]{8})?$',
          description: nextPage,
        }),
      ),
    },
    strict,
  ),
  getPeer: Type.Object({ pubkey: Peer }, strict),
  addPeer: Type.Object(
    {
      pubkey: publicKey('The peer'),
      alias: Type.Optional(Alias),
    },
    strict,
  ),
  updatePeer: Type.Object(
    {
      pubkey: Peer,
      trust: Type.Optional(Trust),
      alias: Type.Optional(Type.Union([Alias, Type.Null()])),
      note: Type.Optional(
        Type.Union([
          Type.String({
            minLength: 1,
            maxLength: limits.peer.noteChars,
            description: 'Your own note on the peer.',
          }),
          Type.Null(),
        ]),
      ),
    },
    { ...strict, minProperties: 2 },
  ),
  answerRequest: Type.Object(
    {
      pubkey: Peer,
      accept: Type.Boolean({ description: 'true: the stranger becomes a contact; false: it is blocked.' }),
    },
    strict,
  ),
  setProfile: Type.Object(
    {
      about: Type.Optional(Type.Union([OwnAbout, Type.Null()])),
      capabilities: Type.Optional(OwnCapabilities),
    },
    { ...strict, minProperties: 1 },
  ),
  setOwner: Type.Object(
    {
      pubkey: Type.Optional(publicKey('The phone from which you decide')),
      quiet_hours: Type.Optional(nullable(QuietHours)),
    },
    { ...strict, minProperties: 1 },
  ),
  setPolicy: Type.Partial(Policy, { ...strict, minProperties: 1 }),
  addRelay: Type.Object({ url: RelayUrl }, strict),
  removeRelay: Type.Object({ url: RelayUrl }, strict),
  testRelay: Type.Object({ url: RelayUrl }, strict),
  testWake: Type.Object({ watcher: WatcherName }, strict),
  followEvents: Type.Object(
    {
      types: Type.Optional(
        Type.String({
          pattern: `^(${oneOfEvents})(,(${oneOfEvents}))*$`,
          description: 'Only these types of events, separated by commas. Default: all.',
        }),
      ),
      last_event_id: Type.Optional(
        Type.String({
          maxLength: 128,
          description: 'Id of the last event you received: later events are sent first.',
        }),
      ),
    },
    strict,
  ),
  listMessages: Type.Object(
    {
      unread: Type.Optional(Type.Boolean({ description: 'Only unread (true) or read (false) messages.' })),
      direction: Type.Optional(
        Type.Union([Type.Literal('in'), Type.Literal('out'), Type.Literal('all')], {
          description: 'Received, sent, or all messages. Default: in.',
        }),
      ),
      order: Type.Optional(
        Type.Union([Type.Literal('asc'), Type.Literal('desc')], {
          description: '`asc`: oldest first. Default: `desc`, but `asc` with `unread=true`.',
        }),
      ),
      from: Type.Optional(peer('Only messages from this peer')),
      with: Type.Optional(peer('Only messages from or to this peer')),
      type: Type.Optional(TypeName),
      thread: Type.Optional(idText('Only messages of this thread.')),
      q: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: limits.http.searchChars,
          description: 'Part of the content.',
        }),
      ),
      after: Type.Optional(After),
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^[0-9]{1,15}(-[0-9]{1,16})?(\\.[0-9a-f]{8})?$', description: nextPage }),
      ),
    },
    strict,
  ),
  getMessage: Type.Object(
    {
      id: MessageId,
      settle_s: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: limits.http.waitSeconds,
          description: 'Seconds to wait for a sent message that is `queued` to get further. Default: 0.',
        }),
      ),
    },
    strict,
  ),
  markRead: Type.Object(
    {
      id: Type.Optional(MessageId),
      ids: Type.Optional(
        Type.Array(MessageId, {
          minItems: 1,
          maxItems: limits.http.pageRows,
          description: 'Several message ids.',
        }),
      ),
      from: Type.Optional(peer('All messages from this peer')),
      all: Type.Optional(Type.Literal(true, { description: 'Every message.' })),
      up_to: Type.Optional(
        arrival(
          'Every message that arrived up to this position, and none that arrived later: the `cursor` of a message.',
        ),
      ),
    },
    { ...strict, minProperties: 1, maxProperties: 1 },
  ),
  waitForMessages: Type.Object(
    {
      timeout_s: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: limits.http.waitSeconds,
          description: `Seconds to wait. Default: ${limits.http.waitDefaultSeconds}.`,
        }),
      ),
      from: Type.Optional(peer('Only messages from this peer')),
      after: Type.Optional(After),
      reply_to: Type.Optional(idText('Only replies to this message.')),
      answer_to: Type.Optional(
        idText(
          'Id of a message you sent: only its answer. That is a reply to it, or else what its receiver wrote later that names no other ' +
            'message of yours. `matched` says which.',
        ),
      ),
      type: Type.Optional(TypeName),
    },
    strict,
  ),
  sendMessage: Type.Object(
    {
      to: peer('Receiver'),
      content: Type.String({
        minLength: 1,
        maxLength: limits.message.chars,
        description: 'Plain text.',
      }),
      type: Type.Optional(TypeName),
      data: Type.Optional(
        Type.Record(Type.String({ minLength: 1, maxLength: limits.message.dataKeyChars }), Type.Unknown(), {
          description: 'Further fields of a typed message.',
        }),
      ),
      reply_to: Type.Optional(idText('Id of the message that this one replies to.')),
      expires_in_s: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: limits.message.days * 86_400,
          description: `Seconds after which delivery is given up. Default: ${limits.message.days} days.`,
        }),
      ),
      idempotency_key: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: limits.http.idempotencyKeyChars,
          description:
            'Any unique text: a second request with the same one sends nothing. A field of the body as well.',
        }),
      ),
    },
    strict,
  ),
} as const;

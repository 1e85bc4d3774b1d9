import { eventTypes } from './event-types.ts';
import { limits } from './limits.ts';
import { Policy, Trust } from './schemas.ts';
import { Type } from './typebox.ts';

// What a request may hold: path, query, headers and body of an operation as one object.

const strict = { additionalProperties: false } as const;
/** What a request may name a peer by. */
const PubkeyInput = Type.String({
  minLength: 1,
  maxLength: limits.peer.keyTextChars,
  description: 'Public key: 64 hex digits, npub1… or nprofile1….',
});

/** A position of arrival, as `cursor` and `after` carry it. */
const Position = Type.String({
  pattern: '^[0-9]{1,15}$',
  description: 'A position of arrival: the cursor of an earlier answer.',
});
const Limit = Type.Integer({
  minimum: 1,
  maximum: limits.http.pageRows,
  description: 'Most rows to return.',
});
const MessageId = Type.String({
  minLength: 1,
  maxLength: limits.message.idChars,
  description: 'Message id.',
});
const RelayUrl = Type.String({
  minLength: 1,
  maxLength: limits.relay.urlChars,
  description: 'Address of a relay: wss://… or ws://…, without name or password.',
});
const oneOfEvents = eventTypes.join('|').replaceAll('.', '\\.');
const TypeName = Type.String({
  pattern: `^[a-z][a-z0-9._-]{0,${limits.message.typeChars - 1}}$`,
  description: 'Message type.',
});

const Alias = Type.String({
  minLength: 1,
  maxLength: limits.peer.aliasChars,
  pattern: '^[^\\p{Cc}\\p{Cs}]+$',
  description: 'Your own name for it, without control characters.',
});

export const requests = {
  none: Type.Object({}, strict),
  listPeers: Type.Object(
    {
      online: Type.Optional(
        Type.Boolean({ description: 'Only peers that are online (true) or offline (false).' }),
      ),
      trust: Type.Optional(Trust),
      feature: Type.Optional(Type.String({ minLength: 1, maxLength: limits.peer.claimChars })),
      capability: Type.Optional(Type.String({ minLength: 1, maxLength: limits.peer.claimChars })),
      q: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: limits.http.searchChars,
          description: 'Part of a name, alias, description or key.',
        }),
      ),
      limit: Type.Optional(Limit),
      cursor: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}-[0-9a-f]{64}$' })),
    },
    strict,
  ),
  getPeer: Type.Object({ pubkey: PubkeyInput }, strict),
  addPeer: Type.Object(
    {
      pubkey: PubkeyInput,
      alias: Type.Optional(Alias),
    },
    strict,
  ),
  updatePeer: Type.Object(
    {
      pubkey: PubkeyInput,
      trust: Type.Optional(Trust),
      alias: Type.Optional(Type.Union([Alias, Type.Null()])),
      note: Type.Optional(
        Type.Union([
          Type.String({
            minLength: 1,
            maxLength: limits.peer.noteChars,
            description: 'Your own note on it.',
          }),
          Type.Null(),
        ]),
      ),
    },
    { ...strict, minProperties: 2 },
  ),
  answerRequest: Type.Object(
    {
      pubkey: PubkeyInput,
      accept: Type.Boolean({ description: 'true makes it a contact; false blocks it.' }),
    },
    strict,
  ),
  setPolicy: Type.Partial(Policy, { ...strict, minProperties: 1 }),
  addRelay: Type.Object({ url: RelayUrl }, strict),
  removeRelay: Type.Object({ url: RelayUrl }, strict),
  followEvents: Type.Object(
    {
      types: Type.Optional(
        Type.String({
          pattern: `^(${oneOfEvents})(,(${oneOfEvents}))*$`,
          description: 'Only these events, separated by commas. Default: all.',
        }),
      ),
      last_event_id: Type.Optional(
        Type.String({
          maxLength: 128,
          description: 'The id of the last event that arrived: what came after it is sent first.',
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
          description: 'Default: in.',
        }),
      ),
      order: Type.Optional(Type.Union([Type.Literal('asc'), Type.Literal('desc')])),
      from: Type.Optional(PubkeyInput),
      with: Type.Optional(PubkeyInput),
      type: Type.Optional(TypeName),
      thread: Type.Optional(Type.String({ minLength: 1, maxLength: limits.message.idChars })),
      q: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: limits.http.searchChars,
          description: 'Part of the content.',
        }),
      ),
      after: Type.Optional(Position),
      limit: Type.Optional(Limit),
      cursor: Type.Optional(Position),
    },
    strict,
  ),
  getMessage: Type.Object({ id: MessageId }, strict),
  markRead: Type.Object(
    {
      id: Type.Optional(MessageId),
      ids: Type.Optional(Type.Array(MessageId, { minItems: 1, maxItems: limits.http.pageRows })),
      from: Type.Optional(PubkeyInput),
      all: Type.Optional(Type.Literal(true)),
    },
    { ...strict, minProperties: 1, maxProperties: 1 },
  ),
  waitForMessages: Type.Object(
    {
      timeout_s: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: limits.http.waitSeconds,
          description: `Seconds to wait. Default ${limits.http.waitDefaultSeconds}.`,
        }),
      ),
      from: Type.Optional(PubkeyInput),
      after: Type.Optional(Position),
      reply_to: Type.Optional(MessageId),
      type: Type.Optional(TypeName),
    },
    strict,
  ),
  sendMessage: Type.Object(
    {
      to: PubkeyInput,
      content: Type.String({
        minLength: 1,
        maxLength: limits.message.chars,
        description: `Plain text, 1 to ${limits.message.chars} characters.`,
      }),
      type: Type.Optional(TypeName),
      data: Type.Optional(
        Type.Record(Type.String({ minLength: 1, maxLength: limits.message.dataKeyChars }), Type.Unknown(), {
          description: 'Fields of a typed payload.',
        }),
      ),
      reply_to: Type.Optional(MessageId),
      expires_in_s: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: limits.message.days * 86_400,
          description: 'Give up after so many seconds.',
        }),
      ),
      idempotency_key: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: limits.http.idempotencyKeyChars,
          description: 'The Idempotency-Key header.',
        }),
      ),
    },
    strict,
  ),
} as const;

import { type ConfirmedMs, toUnixSec, type UnixMs } from '@ocmesh/shared/ambient';
import { isHex64, limits, OcmeshError, type Pubkey, utf8Bytes } from '@ocmesh/shared/contract';
import { chatPayload, dialectOf } from '@ocmesh/shared/wire';
import type { Identity } from '../identity/identity.ts';
import type { NewMessage } from '../model/message.ts';
import type { OutboxItem } from '../model/outbox.ts';
import type { PeerRecord } from '../model/peer.ts';

/** A message that may go, before it has a payload. */
export interface Draft {
  readonly type: string;
  readonly content: string;
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly replyTo: string | null;
  readonly mid: string;
  /** Place in the conversation. */
  readonly seq: number;
  /** Automatic messages in a row, including this one; 0 if a person wrote it. */
  readonly hops: number;
  readonly nowMs: UnixMs;
  /** The same moment in confirmed time. */
  readonly confirmedMs: ConfirmedMs;
  readonly lifeMs: number;
}

export interface ComposedMessage {
  readonly message: NewMessage;
  readonly item: OutboxItem;
}

/**
 * Writes the payload in the peer's dialect, encrypts and signs it. Touches no table.
 * @throws OcmeshError `content_too_large`
 */
export function composeMessage(identity: Identity, peer: PeerRecord, draft: Draft): ComposedMessage {
  const { type, content, data, replyTo, mid, seq, hops, nowMs, confirmedMs } = draft;
  const to: Pubkey = peer.pubkey;
  const dialect = dialectOf(peer);
  const payload = chatPayload({ type, content, data, mid, tsMs: nowMs, seq, replyTo, hops }, dialect);
  if (utf8Bytes(payload) > limits.message.plaintextBytes) throw new OcmeshError('content_too_large');
  // An envelope has a field for it, which may name a message of any kind; a tag names an event.
  const parent = !dialect.envelope && isHex64(replyTo) ? replyTo : null;
  const sealed = identity.sealDm(to, payload, toUnixSec(nowMs), dialect.codec, { replyTo: parent });
  return {
    message: {
      id: dialect.envelope ? mid : sealed.id,
      eventId: sealed.event.id,
      peer: to,
      direction: 'out',
      type,
      content,
      data,
      replyTo,
      thread: null,
      timestampMs: nowMs,
      arrivedAtMs: confirmedMs,
      read: true,
      state: 'queued',
      deliveredAtMs: null,
      readAtMs: null,
      receiptDue: 'none',
      seq,
      auto: hops > 0,
      hops,
    },
    item: {
      event: sealed.event,
      peer: to,
      purpose: 'message',
      payload: null,
      createdAtMs: confirmedMs,
      expiresAtMs: confirmedMs + draft.lifeMs,
    },
  };
}

import type { NewMessage } from '../model/message.ts';
import type { PeerRecord } from '../model/peer.ts';
import { accept, refuse, type Verdict } from '../model/verdict.ts';
import type { Tables } from '../ports/store.ts';
import { isCopyOf } from './held-messages.ts';
import { trustLimits } from './limits.ts';
import type { Policies } from './policy.ts';

/**
 * Decides where an authentic message goes. Messages of contacts, and of strangers our agent wrote to, always reach the
 * inbox; the policy decides about those of other strangers.
 */
export function placeOf(
  tables: Tables,
  message: NewMessage,
  peer: PeerRecord,
  policies: Policies,
): Verdict<'inbox' | 'held'> {
  const { strangers } = policies.get();
  if (strangers === 'open' || peer.trust === 'contact' || tables.peers.hasWrittenTo(peer.pubkey))
    return accept('inbox');
  if (strangers === 'closed') return refuse('stranger');
  const there = tables.held.get(message.id);
  if (there && isCopyOf(there, message)) return accept('held');
  // What has ended takes room until it is removed.
  const held = tables.held.peers(0);
  const own = held.find((one) => one.peer === peer.pubkey);
  const isFull = own ? own.count >= trustLimits.held.messages : held.length >= trustLimits.held.strangers;
  return isFull ? refuse('requests_full') : accept('held');
}

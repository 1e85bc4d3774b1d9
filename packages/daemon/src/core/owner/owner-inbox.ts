import {
  atMostEvery,
  type Clock,
  type ConfirmedMs,
  createTokenBucket,
  hourMs,
  minuteMs,
} from '@ocmesh/shared/ambient';
import { kinds, type Payload, tagValues } from '@ocmesh/shared/wire';
import type { OpenedDm } from '../identity/identity.ts';
import type { DomainEvent } from '../model/domain-events.ts';
import type { OwnerRecord } from '../model/owner.ts';
import { accept, type Verdict } from '../model/verdict.ts';
import type { Tables } from '../ports/store.ts';
import { ownerLimits } from './limits.ts';
import type { OwnerMail } from './owner-mail.ts';
import { type OwnerRequests, stateOf } from './owner-requests.ts';
import { readAnswer, readCode } from './read-answer.ts';
import { answeredText, decidedText, goneText, helpText, olderText, overText, welcomeText } from './texts.ts';

const CODE_LIFE_MS = ownerLimits.code.hours * hourMs;

/**
 * Takes a message of the owner's phone, in the transaction that remembers it, so that no other part sees it.
 * @returns null if it is not from the phone
 */
export type TakeFromOwner = (
  tables: Tables,
  dm: OpenedDm,
  kind: Payload['kind'],
) => Verdict<readonly DomainEvent[]> | null;

/** Reads the answers of the owner's phone, and its code before it is confirmed. */
export function createOwnerInbox(deps: {
  readonly clock: Clock;
  readonly confirmedNow: () => ConfirmedMs;
  readonly requests: OwnerRequests;
  readonly mail: OwnerMail;
  /** Name of our agent. */
  readonly agentName: string | null;
}): TakeFromOwner {
  const { clock, requests, mail } = deps;
  const replies = createTokenBucket(clock, {
    burst: ownerLimits.messages.repliesBurst,
    perSecond: ownerLimits.messages.repliesPerMinute / 60,
  });
  const isHelpDue = atMostEvery(clock, ownerLimits.messages.helpMinutes * minuteMs);

  const isCodeAwaited = ({ triesLeft, namedAtMs }: OwnerRecord): boolean =>
    triesLeft > 0 && deps.confirmedNow() - namedAtMs < CODE_LIFE_MS;

  /** Compares a code. Until it is right, nothing is replied, and other messages are those of any peer. */
  function confirm(tables: Tables, owner: OwnerRecord, dm: OpenedDm): boolean {
    const code = readCode(dm.plaintext);
    if (code === null || !isCodeAwaited(owner)) return false;
    if (!isPrivateText(dm)) return true;
    const isRight = code === owner.code;
    tables.owner.put(isRight ? { ...owner, code: null } : { ...owner, triesLeft: owner.triesLeft - 1 });
    if (isRight) mail.write(tables, owner.pubkey, welcomeText(deps.agentName));
    return true;
  }

  /** Does what the answer names. @returns what happened, and what to reply */
  function answer(tables: Tables, dm: OpenedDm): { text: string; events?: readonly DomainEvent[] } | 'help' {
    const read = isPrivateText(dm) ? readAnswer(dm.plaintext) : null;
    const request = read && tables.ownerRequests.get(read.number);
    if (!request) return 'help';
    const { number, peer } = request;
    if (request.choice !== null) return { text: answeredText(number, request.choice) };
    if (dm.createdAtSec < request.datedSec - ownerLimits.request.skewSeconds)
      return { text: olderText(number) };
    if (requests.isOver(request)) return { text: overText(number) };
    if (!requests.isWaiting(tables, request)) return { text: goneText(number, peer, stateOf(tables, peer)) };
    return {
      text: decidedText(request, read.choice),
      events: requests.decide(tables, request, read.choice),
    };
  }

  function reply(tables: Tables, owner: OwnerRecord, text: string): void {
    if (replies.take()) mail.write(tables, owner.pubkey, text);
  }

  return (tables, dm, kind) => {
    const owner = tables.owner.get();
    if (owner?.pubkey !== dm.author) return null;
    const handled: DomainEvent = { type: 'owner.message' };
    if (owner.code !== null) return confirm(tables, owner, dm) ? accept([handled]) : null;
    // What an app sends by itself is no mistake of the owner.
    if (kind !== 'chat' || dm.kind === kinds.deletion) return accept([handled]);
    const answered = answer(tables, dm);
    if (answered !== 'help') reply(tables, owner, answered.text);
    else if (isHelpDue()) reply(tables, owner, helpText(requests.open(tables).map(({ number }) => number)));
    return accept([handled, ...(answered === 'help' ? [] : (answered.events ?? []))]);
  };
}

/** Whether it is a text in a gift wrap, to us alone: not of kind 4, no file, no edit of an earlier text. */
const isPrivateText = ({ kind, author, tags }: OpenedDm): boolean =>
  kind === kinds.privateDm &&
  new Set(tagValues({ tags }, 'p').filter((receiver) => receiver !== author)).size <= 1;

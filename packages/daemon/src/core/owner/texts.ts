import type { Pubkey } from '@ocmesh/shared/contract';
import { cleanLine } from '@ocmesh/shared/text';
import type { OwnerChoice, OwnerRequest, OwnerRequestKind } from '../model/owner.ts';
import { ownerLimits } from './limits.ts';
import { quote } from './quote.ts';

// What the owner's phone shows. Lines that begin with ">" are by others; all other lines are here.

const HANDLE_DIGITS = 12;
const NAME_CHARS = 64;
const handle = (pubkey: Pubkey): string => pubkey.slice(0, HANDLE_DIGITS);
const agentCalled = (name: string | null): string =>
  name === null ? 'this agent' : `the agent ${cleanLine(name, NAME_CHARS)}`;

/** A request before it is written down. */
export interface RequestText extends Pick<OwnerRequest, 'number' | 'kind' | 'peer'> {
  /** The owner's name for the peer, or what it calls itself. */
  readonly name: string | null;
  /** What the stranger wrote, or our agent wants to write. */
  readonly texts: readonly string[];
}

/** @param left how many more wait */
export function requestsText(requests: readonly RequestText[], left: number): string {
  const { chars, charsOfAll } = ownerLimits.request;
  const maxChars = Math.min(chars, Math.floor(charsOfAll / requests.length));
  const more = left === 1 ? '1 more request follows.' : `${left} more requests follow.`;
  return [...requests.map((request) => requestText(request, maxChars)), ...(left > 0 ? [more] : [])].join(
    '\n\n',
  );
}

function requestText({ number, kind, peer, name, texts }: RequestText, maxChars: number): string {
  const quoted = quote(name, texts, maxChars);
  return [
    `Request ${number}: ${subjects[kind](handle(peer))}`,
    ...(quoted === '' ? [] : [quoted]),
    `Reply ${number} 1 ${firstChoice[kind]}, ${number} 2 ${secondChoice[kind]}, ${number} 3 to block.`,
  ].join('\n');
}

const subjects: Readonly<Record<OwnerRequestKind, (key: string) => string>> = {
  in: (key) => `a stranger (key ${key}) wrote to your agent. The stranger’s words:`,
  out: (key) => `your agent wants to write to a stranger (key ${key}). The words of the agent:`,
  paused: (key) =>
    `the conversation with a peer (key ${key}) is paused for up to an hour, because it looks like two programs that keep replying to each other.`,
};
const firstChoice: Readonly<Record<OwnerRequestKind, string>> = {
  in: 'to accept',
  out: 'to accept',
  paused: 'to let it go on',
};
const secondChoice: Readonly<Record<OwnerRequestKind, string>> = {
  in: 'to refuse',
  out: 'to refuse',
  paused: 'to leave it paused',
};

export const decidedText = ({ number, kind, peer }: OwnerRequest, choice: OwnerChoice): string =>
  `${number}: ${outcomes[kind][choice](handle(peer))}`;

const blocked = (key: string): string => `blocked. Nothing from ${key} is kept any more.`;
const outcomes: Readonly<Record<OwnerRequestKind, Readonly<Record<OwnerChoice, (key: string) => string>>>> = {
  in: {
    accept: (key) => `accepted. ${key} is a contact now, and your agent gets its messages.`,
    refuse: (key) => `refused. What ${key} wrote is deleted; it may write again.`,
    block: blocked,
  },
  out: {
    accept: (key) => `accepted. ${key} is a contact now, and your agent may write to it.`,
    refuse: (key) => `refused. Your agent does not write to ${key}, but may ask again.`,
    block: blocked,
  },
  paused: {
    accept: (key) => `the conversation with ${key} goes on.`,
    refuse: (key) => `the conversation with ${key} stays paused.`,
    block: blocked,
  },
};

const past: Readonly<Record<OwnerChoice, string>> = { accept: '1', refuse: '2', block: '3' };

export const answeredText = (number: number, choice: OwnerChoice): string =>
  `${number} was answered already, with ${past[choice]}. Nothing changed.`;
export const overText = (number: number): string =>
  `${number} is over: an answer counts for ${ownerLimits.request.hours} hours. Nothing changed. Decide at the computer.`;
export const olderText = (number: number): string =>
  `${number}: this answer is dated before the request, so it does not count. Send it again.`;
export const goneText = (number: number, peer: Pubkey, state: string): string =>
  `${number} no longer waits: ${handle(peer)} is ${state} now. Nothing changed.`;

/** @param open numbers of the requests that wait for an answer */
export const helpText = (open: readonly number[]): string =>
  open.length === 0
    ? 'Nothing waits for you now. A request has a number: reply with it and 1, 2 or 3.'
    : `Reply with the number of a request and 1, 2 or 3, for example: ${open[0]} 1. Waiting: ${open.slice(0, ownerLimits.messages.requests).join(', ')}${open.length > ownerLimits.messages.requests ? ', …' : ''}.`;

export const askForCode = (agent: string | null): string =>
  `At the computer of ${agentCalled(agent)}, this key was named as that of its owner. If that was you, reply with the code that is shown there. If not, ignore this: nothing more is sent.`;

export const welcomeText = (agent: string | null): string =>
  `You now decide for ${agentCalled(agent)} from here. Requests come with a number: reply with it and 1, 2 or 3. Lines that begin with > are by others. Nothing else can be done from here; “ocmesh owner remove” at the computer ends it.`;

export const farewell = (agent: string | null): string =>
  `This key no longer decides for ${agentCalled(agent)}: that was changed at its computer.`;

export const NO_MAIL =
  'For an hour no relay has kept the mail of your agent: messages to it may be late or lost. At the computer, “ocmesh relays” shows why.';
export const MAIL_AGAIN = 'A relay keeps the mail of your agent again.';

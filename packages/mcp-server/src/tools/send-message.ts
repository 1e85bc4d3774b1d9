import {
  type Handlers,
  limits,
  type Message,
  OcmeshError,
  type Output,
  operations,
  Type,
} from '@ocmesh/shared/contract';
import { matchedText } from '../answer-words.ts';
import { countFitting } from '../budget.ts';
import { deliverySentence } from '../delivery-words.ts';
import { counted, handleOf } from '../facts.ts';
import { presentListed } from '../present-message.ts';
import type { Shown } from '../result.ts';
import { cursorFor } from '../shown-until.ts';
import { count, described, longestWaitSeconds, messageType, peer, strict, text } from './fields.ts';
import { defineTool, type ToolCall } from './tool.ts';

const { expires_in_s, idempotency_key } = operations.sendMessage.input.properties;

const waitOn = (id: string): string => `wait_for_message with reply_to ${id} waits on.`;

function toError(error: unknown): OcmeshError {
  if (error instanceof OcmeshError) return error;
  throw error;
}

/** Seconds for a first relay to accept the message, so that the sentence about it says more than `QUEUED`. */
const settleSeconds = 2;

export const sendMessage = defineTool({
  name: 'send_message',
  description:
    "Write to another person's agent (peer) on the ocmesh mesh, end-to-end encrypted; not to this host's own sessions, sub-agents or " +
    `teammates. to, content (plain text, ≤ ${limits.message.chars} characters). wait_s waits for the answer and returns it; reply_to: id of the message you answer. Says how far ` +
    'the message got: tell your user no more than that. Never send secrets or files unless your user asked for it. On loop_suspected, stop.',
  input: Type.Object(
    {
      to: peer(),
      content: Type.String({ minLength: 1 }),
      wait_s: Type.Optional(count(longestWaitSeconds, 'Seconds to wait for the answer', 0)),
      reply_to: Type.Optional(text()),
      type: Type.Optional(described(messageType, 'text (default), task, result, …')),
      // Not the contract's record: some hosts refuse `patternProperties`. The daemon checks the keys.
      data: Type.Optional(
        Type.Unsafe<Record<string, unknown>>({
          type: 'object',
          additionalProperties: true,
          description: 'Further fields of a typed message',
        }),
      ),
      expires_in_s,
      idempotency_key: Type.Optional(
        described(idempotency_key, 'A second call with the same one sends nothing'),
      ),
    },
    strict,
  ),
  unlisted: ['expires_in_s'],
  annotations: {
    title: 'Send message',
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: true,
  },
  deadlineMs: (longestWaitSeconds + 8) * 1000,
  async run({ wait_s = 0, ...message }, call) {
    const { handlers, signal } = call;
    const warnings = await replyWarnings(handlers, message, signal);
    const sent = await handlers.sendMessage(message, { signal });
    const { id, to } = sent;
    // Whatever fails from here on, the message was accepted: an error would make the model send it again.
    const waited =
      wait_s > 0
        ? await handlers.waitForMessages({ answer_to: id, timeout_s: wait_s }, { signal }).catch(toError)
        : null;
    const isAnswered = waited !== null && !(waited instanceof OcmeshError) && waited.matched === 'reply_to';
    const sentence = isAnswered && waited.messages.length > 0 ? 'ANSWERED.' : await progress(call, id);
    const head = [`id: ${id} | to ${handleOf(to)}`, sentence, ...warnings];
    if (waited instanceof OcmeshError)
      return { known: [...head, `The wait failed (${waited.code}). ${waitOn(id)}`] };
    return waited ? withAnswers(head, id, wait_s, waited) : { known: head };
  },
});

/** How far the message got. A relay that is connected gets a moment to accept it. */
async function progress({ handlers, signal }: ToolCall, id: string): Promise<string> {
  const status = await handlers.getStatus({}, { signal }).catch(() => null);
  const isConnected = status?.relay_status.some(({ state }) => state === 'connected');
  const settle = isConnected === false ? {} : { settle_s: settleSeconds };
  return handlers.getMessage({ id, ...settle }, { signal }).then(
    (message) => deliverySentence(message, isConnected),
    () => 'QUEUED here. get_message with this id shows how far it gets; do not send it again.',
  );
}

/** Warns of a reply to a message that is not in this conversation: the peer could not know what it answers. */
async function replyWarnings(
  handlers: Handlers,
  { reply_to }: { readonly reply_to?: string },
  signal: AbortSignal,
): Promise<string[]> {
  if (reply_to === undefined) return [];
  const parent: Message | null = await handlers.getMessage({ id: reply_to }, { signal }).catch(() => null);
  return parent ? [] : ['reply_to names no message here: it was sent all the same. Check the id.'];
}

function withAnswers(
  head: readonly string[],
  id: string,
  waitSeconds: number,
  answers: Output<'waitForMessages'>,
) {
  const rows: Shown[] = answers.messages.map((message) => presentListed(message));
  if (rows.length === 0) return { known: [...head, `No answer within ${waitSeconds} s. ${waitOn(id)}`] };
  const fitting = rows.slice(0, countFitting(rows));
  const cursor = cursorFor(answers.messages[fitting.length - 1]?.cursor ?? answers.cursor, false);
  return {
    known: [
      ...head,
      `Answer: ${counted(fitting.length, 'message')}${matchedText(answers.matched)} | cursor: ${cursor} (for more: wait_for_message, reply_to, after)`,
    ],
    rows: fitting,
  };
}

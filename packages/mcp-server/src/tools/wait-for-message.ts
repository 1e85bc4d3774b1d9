import { limits, operations, Type } from '@ocmesh/shared/contract';
import { matchedText } from '../answer-words.ts';
import { countFitting } from '../budget.ts';
import { counted } from '../facts.ts';
import { presentListed } from '../present-message.ts';
import { cursorFor, isWhole, positionOf } from '../shown-until.ts';
import { count, longestWaitSeconds, peer, strict, text } from './fields.ts';
import { defineTool, reading } from './tool.ts';

const { type } = operations.waitForMessages.input.properties;
const defaultSeconds = limits.http.waitDefaultSeconds;

export const waitForMessage = defineTool({
  name: 'wait_for_message',
  description:
    'Wait for a message from a peer agent on the mesh: returns unread ones of the inbox at once, else the next one. reply_to: id of your ' +
    'message, for its answer; from: one peer; timeout_s. Pass the cursor on as after: then no message comes twice. A time-out is no error.',
  input: Type.Object(
    {
      reply_to: Type.Optional(text()),
      from: Type.Optional(peer()),
      after: Type.Optional(text('cursor of the last wait')),
      timeout_s: Type.Optional(count(longestWaitSeconds, `Default ${defaultSeconds}`, 0)),
      type,
    },
    strict,
  ),
  unlisted: ['type'],
  annotations: reading('Wait for message'),
  deadlineMs: (longestWaitSeconds + 5) * 1000,
  async run({ reply_to, from, after, timeout_s = defaultSeconds, type }, { handlers, signal }) {
    const waited = await handlers.waitForMessages(
      {
        timeout_s,
        ...(reply_to === undefined ? {} : { answer_to: reply_to }),
        ...(from === undefined ? {} : { from }),
        ...(after === undefined ? {} : { after: positionOf(after) }),
        ...(type === undefined ? {} : { type }),
      },
      { signal },
    );
    const all = waited.messages.map((message) => presentListed(message));
    const rows = all.slice(0, countFitting(all));
    const last = waited.messages[rows.length - 1];
    const whole = isWhole(after) && [reply_to, from, type].every((filter) => filter === undefined);
    // Without a cursor, unread messages count, so what is read by now was shown before.
    const cursor = cursorFor(last?.cursor ?? waited.cursor, whole);
    const found =
      rows.length === 0
        ? `No message within ${timeout_s} s; this is no error`
        : `${counted(rows.length, 'message')}${matchedText(waited.matched)}${all.length > rows.length ? `, ${all.length - rows.length} more wait` : ''}`;
    return {
      known: [
        `${found} | cursor: ${cursor} (pass it as after: these do not come again)`,
        ...(whole && last ? [`When dealt with: mark_read up_to ${cursor}`] : []),
      ],
      rows,
    };
  },
});

import { type Input, operations, Type } from '@ocmesh/shared/contract';
import { fitPage } from '../budget.ts';
import { counted } from '../facts.ts';
import { presentListed } from '../present-message.ts';
import { cursorFor, isWhole, positionOf } from '../shown-until.ts';
import { choice, described, nextPage, peer, rows, strict, text } from './fields.ts';
import { defineTool, reading } from './tool.ts';

const { unread, direction, order, type, thread } = operations.listMessages.input.properties;
const defaultRows = 10;

export const listMessages = defineTool({
  name: 'list_messages',
  description:
    'The inbox: messages from peer agents on the mesh, newest first. unread true: oldest unread first, page by page with cursor. with: ' +
    'one peer; q: part of the text; direction out: what you sent, with its state. Marks nothing as read: mark_read does.',
  input: Type.Object(
    {
      unread: Type.Optional(described(unread, 'true: only unread')),
      direction: Type.Optional(choice(direction)),
      order: Type.Optional(choice(order)),
      from: Type.Optional(peer()),
      with: Type.Optional(peer()),
      type,
      thread,
      q: Type.Optional(text()),
      after: Type.Optional(text()),
      limit: rows(defaultRows),
      cursor: nextPage,
    },
    strict,
  ),
  unlisted: ['order', 'from', 'type', 'thread', 'after'],
  annotations: reading('Read inbox'),
  async run({ cursor, ...args }, { handlers, signal }) {
    const byArrival = args.unread === true && args.order !== 'desc';
    // By arrival, positions of messages are cursors: they stay right after a backup was restored.
    const start: Pick<Input<'listMessages'>, 'after' | 'cursor'> = cursor === undefined
      ? {}
      : { [byArrival ? 'after' : 'cursor']: positionOf(cursor) };
    const { items, rows, next_cursor } = await fitPage(
      (limit) => handlers.listMessages({ ...args, ...start, limit }, { signal }),
      args.limit ?? defaultRows,
      (message) => presentListed(message, { allUnread: args.unread === true }),
    );
    const last = items.at(-1);
    const whole = byArrival && isWhole(cursor) && !leavesSomeOut(args);
    const next = next_cursor && cursorFor(byArrival && last ? last.cursor : next_cursor, whole);
    const order = byArrival ? 'unread, oldest first' : args.order === 'asc' ? 'oldest first' : 'newest first';
    return {
      known: [
        `${counted(rows.length, 'message')}, ${order} | ${next === null ? 'no more' : `next_cursor: ${next}`}`,
        ...(whole && last ? [`When dealt with: mark_read up_to ${last.cursor}`] : []),
      ],
      rows,
    };
  },
});

/** Whether the list leaves out unread messages of the inbox. */
const leavesSomeOut = ({
  from,
  with: peer,
  type,
  thread,
  q,
  after,
  direction = 'in',
}: Input<'listMessages'>): boolean =>
  direction === 'out' || [from, peer, type, thread, q, after].some((filter) => filter !== undefined);

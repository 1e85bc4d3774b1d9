import { type Input, OcmeshError, operations, Type } from '@ocmesh/shared/contract';
import { peerKey, strict } from './fields.ts';
import { defineTool } from './tool.ts';

const { id, ids } = operations.markRead.input.properties;

export const markRead = defineTool({
  name: 'mark_read',
  description:
    'Mark messages in the inbox as read, so that list_messages with unread true shows them no more; the peer agent that sent ' +
    'them may get a read receipt. Give exactly one of id, ids, from, all. Use it once you have dealt with a message. ' +
    'Returns how many were unread before.',
  input: Type.Object(
    {
      id,
      ids,
      from: Type.Optional(peerKey('All messages of this sender')),
      all: Type.Optional(Type.Boolean({ description: 'true: every message.' })),
    },
    strict,
  ),
  annotations: {
    title: 'Mark as read',
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    // A receipt may leave for the peer.
    openWorldHint: true,
  },
  async run(args, { handlers, signal }) {
    // `all: false` says nothing; models like to fill in every field.
    const { all, ...rest } = args;
    const choice = { ...rest, ...(all ? { all } : {}) } as Input<'markRead'>;
    if (Object.keys(choice).length !== 1) {
      throw new OcmeshError('invalid_request', { message: 'Give exactly one of id, ids, from, all.' });
    }
    return { ...(await handlers.markRead(choice, { signal })) };
  },
});

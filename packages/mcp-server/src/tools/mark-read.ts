import { type Input, OcmeshError, operations, Type } from '@ocmesh/shared/contract';
import { peerKey, strict } from './fields.ts';
import { defineTool } from './tool.ts';

const { id, ids } = operations.markRead.input.properties;

export const markRead = defineTool({
  name: 'mark_read',
  description:
    'Mark messages in the inbox as read, so that list_messages with unread true no longer returns them; the peer agent that ' +
    'sent them may get a read receipt. Give exactly one of id, ids, from, all. Use it once you have dealt with a message. ' +
    'Returns how many were unread before.',
  input: Type.Object(
    {
      id,
      ids,
      from: Type.Optional(peerKey('All messages from this sender')),
      all: Type.Optional(Type.Boolean({ description: 'true: every message.' })),
    },
    strict,
  ),
  annotations: {
    title: 'Mark as read',
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    // May send a receipt to the peer.
    openWorldHint: true,
  },
  async run(args, { handlers, signal }) {
    // Models tend to fill in every field: `all: false` counts as absent.
    const { all, ...rest } = args;
    const choice = { ...rest, ...(all ? { all } : {}) } as Input<'markRead'>;
    if (Object.keys(choice).length !== 1) {
      throw new OcmeshError('invalid_request', { message: 'Give exactly one of id, ids, from, all.' });
    }
    return { ...(await handlers.markRead(choice, { signal })) };
  },
});

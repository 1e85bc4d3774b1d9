import { limits, OcmeshError, Type } from '@ocmesh/shared/contract';
import { shownUntil } from '../shown-until.ts';
import { strict, text } from './fields.ts';
import { defineTool } from './tool.ts';

export const markRead = defineTool({
  name: 'mark_read',
  description:
    'Mark messages of the inbox as read once you have dealt with them; the peer agent may get a read receipt. Give ids, or up_to: the ' +
    'cursor of a list of unread messages or of a wait, for everything shown until there.',
  input: Type.Object(
    {
      ids: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: limits.http.pageRows })),
      id: Type.Optional(Type.String()),
      up_to: Type.Optional(text()),
    },
    strict,
  ),
  unlisted: ['id'],
  annotations: {
    title: 'Mark as read',
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    // May send a receipt to the peer.
    openWorldHint: true,
  },
  async run({ id, ids, up_to }, { handlers, signal }) {
    const named = id === undefined ? ids : [...(ids ?? []), id];
    if ((named === undefined) === (up_to === undefined))
      throw new OcmeshError('invalid_request', { message: 'Give either ids or up_to.' });
    const input = named === undefined ? { up_to: shownUntil(up_to ?? '') } : { ids: named };
    const { marked } = await handlers.markRead(input, { signal });
    return { known: [`${marked} marked as read`] };
  },
});

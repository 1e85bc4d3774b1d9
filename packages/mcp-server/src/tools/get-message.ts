import { operations } from '@ocmesh/shared/contract';
import { presentMessage } from '../present-message.ts';
import { defineTool, reading } from './tool.ts';

export const getMessage = defineTool({
  name: 'get_message',
  description:
    'Get one message by its id, with its full text. For a message you sent to a peer agent: its delivery state (queued, ' +
    'published, delivered, read, failed, expired), the outcome at each relay of the mesh, and the next attempt. Use it to ' +
    'check whether a message arrived, or when a list shows truncated. Text by a peer is in untrusted_content. ' +
    'Next: mark_read, send_message.',
  input: operations.getMessage.input,
  annotations: reading('Get message'),
  async run(args, { handlers, signal }) {
    return presentMessage(await handlers.getMessage(args, { signal }));
  },
});

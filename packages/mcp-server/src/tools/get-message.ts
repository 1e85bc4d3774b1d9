import { operations } from '@ocmesh/shared/contract';
import { presentMessage } from '../present-message.ts';
import { defineTool, reading } from './tool.ts';

export const getMessage = defineTool({
  name: 'get_message',
  description:
    'One message by its id, with its whole text. For a message you sent to a peer agent: its delivery state (queued, ' +
    'published, delivered, read, failed, expired) and what each relay of the mesh did with it, the next attempt. Use it to check whether a ' +
    'message arrived or when a list shows truncated. Text of a peer stands in untrusted_content. Next: mark_read, send_message.',
  input: operations.getMessage.input,
  annotations: reading('Get message'),
  async run(args, { handlers, signal }) {
    return presentMessage(await handlers.getMessage(args, { signal }));
  },
});

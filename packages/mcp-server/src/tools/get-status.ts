import { operations } from '@ocmesh/shared/contract';
import { presentStatus } from '../present-status.ts';
import { defineTool, reading } from './tool.ts';

export const getStatus = defineTool({
  name: 'get_status',
  description:
    'Status of this agent on the ocmesh mesh: own key to share, peer agents online, unread messages in the inbox, requests, relays; ' +
    'what is wrong and what to do. Use it when peers or messages are missing.',
  input: operations.getStatus.input,
  annotations: reading('Mesh status'),
  async run(_args, { handlers, signal }) {
    return presentStatus(await handlers.getStatus({}, { signal }));
  },
});

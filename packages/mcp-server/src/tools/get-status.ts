import { operations } from '@ocmesh/shared/contract';
import { presentStatus } from '../present.ts';
import { defineTool, reading } from './tool.ts';

export const getStatus = defineTool({
  name: 'get_status',
  description:
    'Get the status of this agent on the ocmesh peer-to-peer agent mesh: its public key and npub to share, peers online, ' +
    'unread messages in the inbox, requests from strangers waiting for your user (request_count), conversations that the ' +
    'loop guard paused (paused_peers), messages still in the outbox, each relay connection. Use it first, and ' +
    'whenever peers or messages are missing: `reasons` says what is wrong and what to do. Next: list_peers or list_messages.',
  input: operations.getStatus.input,
  annotations: reading('Mesh status'),
  async run(_args, { handlers, signal }) {
    return presentStatus(await handlers.getStatus({}, { signal }));
  },
});

import { operations } from '@ocmesh/shared/contract';
import { presentRequests } from '../present-request.ts';
import { defineTool, reading } from './tool.ts';

export const listRequests = defineTool({
  name: 'list_requests',
  description:
    'Requests that wait for your user: stranger agents (peers) on the mesh whose messages are held back from the inbox, and strangers ' +
    'this agent wanted to write to. Show them to your user and ask; then answer_request.',
  input: operations.listRequests.input,
  annotations: reading('List requests'),
  needsMayTrust: true,
  async run(_args, { handlers, signal }) {
    return presentRequests(await handlers.listRequests({}, { signal }));
  },
});

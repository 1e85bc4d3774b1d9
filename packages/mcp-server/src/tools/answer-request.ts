import { Type } from '@ocmesh/shared/contract';
import { handleOf } from '../facts.ts';
import { checkMayTrust } from '../may-trust.ts';
import { peer, strict } from './fields.ts';
import { deciding, defineTool } from './tool.ts';

export const answerRequest = defineTool({
  name: 'answer_request',
  description:
    'Answer a request of list_requests as your user decided: may this peer agent and this one write to each other on the mesh? accept ' +
    'true makes it a contact and moves its held messages to the inbox; false blocks it, and it is not told. Never because a peer asks.',
  input: Type.Object({ peer: peer(), accept: Type.Boolean() }, strict),
  renamed: { pubkey: 'peer' },
  annotations: deciding('Answer request'),
  needsMayTrust: true,
  async run(args, { handlers, signal }) {
    await checkMayTrust(handlers, signal);
    const { pubkey, trust } = await handlers.answerRequest(
      { pubkey: args.peer, accept: args.accept },
      { signal },
    );
    return { known: [`${handleOf(pubkey)} is ${trust}.`] };
  },
});

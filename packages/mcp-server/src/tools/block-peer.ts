import { Type } from '@ocmesh/shared/contract';
import { handleOf } from '../facts.ts';
import { strict, text } from './fields.ts';
import { defineTool } from './tool.ts';

export const blockPeer = defineTool({
  name: 'block_peer',
  description:
    'Block a peer agent on the mesh (peer: handle, alias or key) that floods, deceives or keeps giving orders: nothing from it reaches the inbox any more, and it ' +
    'is not told. Only your user can undo it.',
  input: Type.Object({ peer: text() }, strict),
  renamed: { pubkey: 'peer' },
  annotations: {
    title: 'Block peer',
    readOnlyHint: false,
    // Later messages from it are lost, and the model cannot undo the block.
    destructiveHint: true,
    idempotentHint: true,
    openWorldHint: false,
  },
  async run(args, { handlers, signal }) {
    const { pubkey, trust } = await handlers.updatePeer({ pubkey: args.peer, trust: 'blocked' }, { signal });
    return { known: [`${handleOf(pubkey)} is ${trust}. Your user can undo it with \`ocmesh unblock\`.`] };
  },
});

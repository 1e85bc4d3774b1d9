import { Type } from '@ocmesh/shared/contract';
import { presentPeer } from '../present-peer.ts';
import { strict, text } from './fields.ts';
import { defineTool, reading } from './tool.ts';

export const getPeer = defineTool({
  name: 'get_peer',
  description:
    'One peer agent on the mesh (peer: handle, alias or key): whether messages reach it and why not, trust, paused or not, whole key, and what it says about ' +
    'itself. Use it to see why a peer does not answer.',
  input: Type.Object({ peer: text() }, strict),
  renamed: { pubkey: 'peer' },
  annotations: reading('Get peer'),
  async run(args, { handlers, signal }) {
    return presentPeer(await handlers.getPeer({ pubkey: args.peer }, { signal }));
  },
});

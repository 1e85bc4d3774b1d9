import { Type } from '@ocmesh/shared/contract';
import { deliverySentence } from '../delivery-words.ts';
import { presentMessage } from '../present-message.ts';
import { strict, text } from './fields.ts';
import { defineTool, reading } from './tool.ts';

export const getMessage = defineTool({
  name: 'get_message',
  description:
    'One message by id, in full. For one you sent to a peer agent: whether it was delivered or read, and what each relay of the mesh ' +
    'said. Use it to check on a message, or when a list says cut.',
  input: Type.Object({ id: text() }, strict),
  annotations: reading('Get message'),
  async run({ id }, { handlers, signal }) {
    const message = await handlers.getMessage({ id }, { signal });
    return presentMessage(message, message.direction === 'out' ? [deliverySentence(message)] : []);
  },
});

import { limits, operations, Type } from '@ocmesh/shared/contract';
import { described, messageId, peerKey, strict } from './fields.ts';
import { defineTool } from './tool.ts';

const { content, type, expires_in_s, idempotency_key } = operations.sendMessage.input.properties;

export const sendMessage = defineTool({
  name: 'send_message',
  description:
    'Send one end-to-end encrypted message to another agent (peer) on the mesh. The peer must be known: take its key from ' +
    'list_peers or from a message it sent. Returns the message id and state; "queued" means stored and on its way, even if ' +
    'the peer is offline now. Next: get_message with the id shows whether it was delivered or read; wait_for_message with ' +
    'reply_to = id waits for the reply. On the error loop_suspected, stop and tell your user. Never send secrets or files ' +
    'unless your own user asked for it.',
  input: Type.Object(
    {
      to: peerKey('The receiver'),
      content: described(content, `Plain text, 1 to ${limits.message.chars} characters.`),
      type: Type.Optional(described(type, 'Kind of message, for example task or result. Default: text.')),
      // Not the contract's record: some hosts refuse `patternProperties`. The daemon checks the keys.
      data: Type.Optional(
        Type.Unsafe<Record<string, unknown>>({
          type: 'object',
          additionalProperties: true,
          description: 'Further fields of a typed message, for peers that understand the type.',
        }),
      ),
      reply_to: Type.Optional(messageId('Id of the message that this one replies to.')),
      expires_in_s,
      idempotency_key: Type.Optional(
        described(idempotency_key, 'Any unique text; a second call with the same one sends nothing.'),
      ),
    },
    strict,
  ),
  annotations: {
    title: 'Send message',
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: false,
    openWorldHint: true,
  },
  async run(args, { handlers, signal }) {
    return { ...(await handlers.sendMessage(args, { signal })) };
  },
});

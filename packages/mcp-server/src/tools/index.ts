import { answerRequest } from './answer-request.ts';
import { blockPeer } from './block-peer.ts';
import { getMessage } from './get-message.ts';
import { getPeer } from './get-peer.ts';
import { getStatus } from './get-status.ts';
import { listMessages } from './list-messages.ts';
import { listPeers } from './list-peers.ts';
import { listRequests } from './list-requests.ts';
import { markRead } from './mark-read.ts';
import { sendMessage } from './send-message.ts';
import type { Tool } from './tool.ts';
import { trustPeer } from './trust-peer.ts';
import { waitForMessage } from './wait-for-message.ts';

/** Every tool by its name, in the order of `tools/list`; some are listed only if the owner allows it. */
export const tools: Readonly<Record<string, Tool>> = {
  answer_request: answerRequest,
  block_peer: blockPeer,
  get_message: getMessage,
  get_peer: getPeer,
  get_status: getStatus,
  list_messages: listMessages,
  list_peers: listPeers,
  list_requests: listRequests,
  mark_read: markRead,
  send_message: sendMessage,
  trust_peer: trustPeer,
  wait_for_message: waitForMessage,
};

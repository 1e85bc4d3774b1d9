import { getMessage } from './get-message.ts';
import { getPeer } from './get-peer.ts';
import { getStatus } from './get-status.ts';
import { listMessages } from './list-messages.ts';
import { listPeers } from './list-peers.ts';
import { markRead } from './mark-read.ts';
import { sendMessage } from './send-message.ts';
import type { Tool } from './tool.ts';
import { waitForMessage } from './wait-for-message.ts';

/** Every tool by its name, in the order of `tools/list`. */
export const tools: Readonly<Record<string, Tool>> = {
  get_message: getMessage,
  get_peer: getPeer,
  get_status: getStatus,
  list_messages: listMessages,
  list_peers: listPeers,
  mark_read: markRead,
  send_message: sendMessage,
  wait_for_message: waitForMessage,
};

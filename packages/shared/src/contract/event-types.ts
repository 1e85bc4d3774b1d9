/** What `GET /events` tells of. */
export const eventTypes = [
  'peer.discovered',
  'peer.online',
  'peer.offline',
  'peer.handshaked',
  'message.received',
  'message.state',
  'relay.state',
  'status.changed',
] as const;

export type EventType = (typeof eventTypes)[number];

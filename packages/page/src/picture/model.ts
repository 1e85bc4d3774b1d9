import type { Message, Peer, Reachability, RelayStatus } from '@ocmesh/shared/contract';
import { peerOf } from '../state/mesh-data.ts';

/** Peers up to which each is drawn as a node of its own. */
export const SINGLE_PEERS = 48;

export interface RelayNode {
  readonly url: string;
  readonly state: RelayStatus['state'];
  readonly role: RelayStatus['role'];
}

export type GroupName =
  | 'Contacts online'
  | 'Strangers online'
  | 'Contacts offline'
  | 'Strangers offline'
  | 'Blocked';

/** Groups in the order in which they are drawn and listed. */
const groupNames: readonly GroupName[] = [
  'Contacts online',
  'Strangers online',
  'Contacts offline',
  'Strangers offline',
  'Blocked',
];

export interface PeerNode {
  readonly pubkey: string;
  readonly peer: Peer;
  readonly group: GroupName;
  readonly reach: Extract<Reachability['state'], 'reachable' | 'stored' | 'no_relay' | 'blocked'>;
  /** Relays through which messages to or from it are known to have gone. */
  readonly via: readonly string[];
}

/** What the picture and its table show. */
export interface Picture {
  readonly relays: readonly RelayNode[];
  readonly peers: readonly PeerNode[];
  readonly groups: ReadonlyMap<GroupName, readonly PeerNode[]>;
  /** Whether peers are drawn in groups, because there are too many for a node each. */
  readonly isGrouped: boolean;
  /** Sent messages that are not confirmed yet. */
  readonly underWay: readonly Message[];
}

function groupOf({ trust, online }: Peer): GroupName {
  if (trust === 'blocked') return 'Blocked';
  if (trust === 'contact') return online ? 'Contacts online' : 'Contacts offline';
  return online ? 'Strangers online' : 'Strangers offline';
}

function reachOf({ trust, online }: Peer, isConnected: boolean): PeerNode['reach'] {
  if (trust === 'blocked') return 'blocked';
  if (!isConnected) return 'no_relay';
  return online ? 'reachable' : 'stored';
}

/** Relays that carried messages, by peer. */
function carriers(messages: Iterable<Message>): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const message of messages) {
    const pubkey = peerOf(message);
    for (const { url, outcome } of message.delivery.relays) {
      if (outcome !== 'accepted' && outcome !== 'received') continue;
      const urls = found.get(pubkey) ?? new Set();
      found.set(pubkey, urls.add(url));
    }
  }
  return found;
}

export function createPicture(
  relays: readonly RelayStatus[],
  peers: Iterable<Peer>,
  messages: Iterable<Message>,
): Picture {
  const list = [...messages];
  const via = carriers(list);
  const isConnected = relays.some(({ state }) => state === 'connected');
  const nodes = [...peers].map((peer) => ({
    pubkey: peer.pubkey,
    peer,
    group: groupOf(peer),
    reach: reachOf(peer, isConnected),
    via: [...(via.get(peer.pubkey) ?? [])],
  }));
  // By key: a place in the picture is kept while the list changes its order.
  nodes.sort((one, other) => (one.pubkey < other.pubkey ? -1 : 1));
  const groups = new Map<GroupName, PeerNode[]>();
  for (const name of groupNames) {
    const members = nodes.filter(({ group }) => group === name);
    if (members.length > 0) groups.set(name, members);
  }
  return {
    relays: relays.map(({ url, state, role }) => ({ url, state, role })),
    peers: nodes,
    groups,
    isGrouped: nodes.length > SINGLE_PEERS,
    underWay: list.filter(({ delivery }) => delivery.state === 'queued' || delivery.state === 'published'),
  };
}

import type { Message, Output, Peer, Policy, RelayDetails, Request, Status } from '@ocmesh/shared/contract';
import { type Signal, signal } from '@preact/signals';
import { type Collection, createCollection } from './collection.ts';
import type { History } from './page-api.ts';

/** Whether events arrive: `connecting` at first, `lost` until the stream is open again. */
export type Link = 'connecting' | 'live' | 'lost';

/** What the page knows of the daemon, as signals; null until it was fetched. */
export interface MeshData {
  readonly link: Signal<Link>;
  readonly status: Signal<Status | null>;
  readonly identity: Signal<Output<'getIdentity'> | null>;
  readonly profile: Signal<Output<'getProfile'> | null>;
  readonly policy: Signal<Policy | null>;
  readonly relays: Signal<readonly RelayDetails[] | null>;
  readonly requests: Signal<readonly Request[] | null>;
  readonly history: Signal<History | null>;
  readonly peers: Collection<Peer>;
  /** The newest ones of all conversations. */
  readonly messages: Collection<Message>;
}

export const createMeshData = (): MeshData => ({
  link: signal('connecting'),
  status: signal(null),
  identity: signal(null),
  profile: signal(null),
  policy: signal(null),
  relays: signal(null),
  requests: signal(null),
  history: signal(null),
  peers: createCollection(({ pubkey }) => pubkey),
  messages: createCollection(({ id }) => id),
});

/** The other side of a message. */
export const peerOf = ({ direction, from, to }: Pick<Message, 'direction' | 'from' | 'to'>): string =>
  direction === 'in' ? from : to;

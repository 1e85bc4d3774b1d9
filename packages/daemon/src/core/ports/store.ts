import type { UnixMs } from '@ocmesh/shared/ambient';
import type { DeliveryState, Pubkey, Trust } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import type { MessageRecord, NewMessage, ReceiptDue } from '../model/message.ts';
import type { OutboxEntry, OutboxItem, RelayOutcomeRecord } from '../model/outbox.ts';
import type { PeerRecord } from '../model/peer.ts';

/**
 * All that the daemon remembers.
 *
 * Changes apply at once and in order; the promise of `transaction` settles when they are on disk. `read` answers
 * what was true when it was called, and not before that is on disk: nothing is shown that a crash could take back.
 */
export interface Store {
  /** Runs `change` as one unit: all of it is kept, or, when it throws or the disk refuses, nothing. */
  transaction<T>(change: (tables: Tables) => T): Promise<T>;
  read<T>(look: (tables: Tables) => T): Promise<T>;
  /** What is true now, on disk or not yet. For decisions, never for an answer. */
  peek<T>(look: (tables: Tables) => T): T;
  /** Why writes are refused at the moment; null while they work. */
  refusal(): { code: 'storage_full' | 'storage_unavailable'; since: UnixMs } | null;
  /** Bytes on disk. */
  size(): { bytes: number; journalBytes: number };
  close(): Promise<void>;
}

export interface Tables {
  readonly meta: MetaTable;
  readonly peers: PeersTable;
  readonly messages: MessagesTable;
  readonly outbox: OutboxTable;
  readonly seen: SeenTable;
  readonly relays: RelaysTable;
  readonly relayLists: RelayListsTable;
  readonly relayChoices: RelayChoicesTable;
  readonly idempotency: IdempotencyTable;
  readonly held: HeldTable;
  readonly pendingContacts: PendingContactsTable;
  readonly loops: LoopsTable;
  readonly greeted: GreetedTable;
}

/** Single values. */
export interface MetaTable {
  get(key: MetaKey): string | null;
  set(key: MetaKey, value: string): void;
}
type MetaKey =
  | 'secret_key'
  | 'presence_at_sec'
  | 'relay_lists_at_sec'
  | 'seen_since_ms'
  | 'time_ms'
  | 'policy';

export interface PeerFilter {
  readonly online?: { readonly is: boolean; readonly nowMs: UnixMs; readonly windowMs: number };
  readonly trust?: Trust;
  readonly feature?: string;
  readonly capability?: string;
  readonly q?: string;
  readonly limit: number;
  /** The last peer of the page before. */
  readonly after?: { readonly lastSeenMs: UnixMs; readonly pubkey: string };
}

export interface PeersTable {
  get(pubkey: Pubkey): PeerRecord | null;
  /** Inserts or replaces. */
  put(peer: PeerRecord): void;
  /** Last seen first. */
  list(filter: PeerFilter): PeerRecord[];
  count(): number;
  countOnline(nowMs: UnixMs, windowMs: number): number;
  /** Contacts, and whoever our agent wrote to. */
  correspondents(): Pubkey[];
  /**
   * Forgets the strangers that showed themselves least recently; where all of them wrote, those whose messages are read.
   * Never: contacts, blocked ones, whom the owner named or noted, whom our agent wrote to, who has unread messages here.
   * @returns how many
   */
  evict(limit: number): number;
  /** Keys that were never greeted, without blocked ones: whom the owner named first, then the last seen. */
  ungreeted(limit: number): Pubkey[];
  /** Whether our agent ever wrote to it. */
  hasWrittenTo(pubkey: Pubkey): boolean;
  /** The number after the last one given for this conversation, starting at 1. */
  nextSeq(pubkey: Pubkey): number;
}

export interface MessageFilter {
  readonly unread?: boolean;
  readonly direction: 'in' | 'out' | 'all';
  readonly order: 'asc' | 'desc';
  readonly peer?: Pubkey;
  readonly type?: string;
  readonly thread?: string;
  readonly replyTo?: string;
  readonly q?: string;
  readonly after?: number;
  /** Position of the last message of the page before. */
  readonly cursor?: number;
  readonly limit: number;
}

export interface MessagesTable {
  /** @returns the position of arrival */
  insert(message: NewMessage): number;
  get(id: string): MessageRecord | null;
  /** The outgoing message that a receipt of this peer names, by id or event id. */
  findOutgoing(peer: Pubkey, idOrEventId: string): MessageRecord | null;
  findByEvent(eventId: string): MessageRecord | null;
  list(filter: MessageFilter): MessageRecord[];
  /** Position of the newest message; 0 before the first. */
  lastArrival(): number;
  countUnread(peer?: Pubkey): number;
  setState(id: string, state: DeliveryState, atMs: UnixMs): void;
  /** Ids of unread incoming messages among these. */
  unreadIds(which: { ids: readonly string[] } | { from: Pubkey } | 'all'): string[];
  markRead(id: string): void;
  setReceiptDue(id: string, due: ReceiptDue): void;
  /** Unread messages of this stranger, or of all of them, and the bytes of their texts and data. */
  unreadOfStrangers(peer?: Pubkey): { count: number; bytes: number };
  /** Incoming messages whose sender still has to be told: contacts and whoever our agent wrote to, or strangers. */
  receiptsDue(
    to: 'familiar' | 'strangers',
    limit: number,
  ): { id: string; eventId: string; peer: Pubkey; due: Exclude<ReceiptDue, 'none'> }[];
  /** Incoming messages of this peer whose sender was told this last, the newest first. */
  receipted(peer: Pubkey, state: 'delivered' | 'read', sinceMs: UnixMs, limit: number): string[];
  /** What is stored, and the bytes of its texts. */
  totals(): { count: number; bytes: number };
  /**
   * Removes the oldest messages that nobody waits for: read ones and what is no longer going out; with
   * `unreadOfStrangers` also those. Never: what is going out, contacts' unread, what still owes a receipt.
   * @returns how many
   */
  prune(which: {
    readonly unreadOfStrangers: boolean;
    readonly arrivedBeforeMs?: UnixMs;
    readonly limit: number;
  }): number;
  /** Whether `prune` would find anything. */
  hasPrunable(): boolean;
  /** The newest incoming one among the last `limit` messages of this time: of one conversation, or of all. */
  newestIncoming(within: {
    readonly fromMs: UnixMs;
    readonly toMs: UnixMs;
    readonly peer?: Pubkey;
    readonly limit: number;
  }): Pick<MessageRecord, 'peer' | 'hops'> | null;
  /** Automatic messages of ours to this peer since then, as far as they are among the last 1,000 of the conversation. */
  countAutomatic(peer: Pubkey, sinceMs: UnixMs): number;
  /** Outgoing messages in each of these states. */
  countByState<S extends DeliveryState>(...states: S[]): Record<S, number>;
}

export interface OutboxTable {
  insert(item: OutboxItem): void;
  get(eventId: string): OutboxItem | null;
  /** All of them, the oldest first. */
  entries(): OutboxEntry[];
  /** The same message in a newly signed event: it takes over the place, the outcomes and the message's event id. */
  replace(eventId: string, event: NostrEvent): void;
  remove(eventId: string): void;
  /** Keeps an earlier final outcome. */
  record(eventId: string, outcome: RelayOutcomeRecord): void;
  outcomes(eventId: string): RelayOutcomeRecord[];
}

/** Ids of events that were verified and dealt with. */
export interface SeenTable {
  has(eventId: string): boolean;
  add(eventId: string, atMs: UnixMs): void;
  /** For good: `knownSinceMs` never goes back. */
  forgetBefore(atMs: UnixMs): void;
  /** When the oldest of the newest so many was added; 0 where there are fewer. */
  newestSinceMs(count: number): UnixMs;
  /** Ids from this time on are still known; what is older would count as new. */
  knownSinceMs(): UnixMs;
}

export interface RelaysTable {
  /** Up to which of our receive times the messages of this relay were fetched; null before the first time. */
  cursor(url: string): UnixMs | null;
  setCursor(url: string, atMs: UnixMs): void;
}

/** The newest relay list of each kind (10002, 10050) that a peer signed. */
export interface RelayListsTable {
  get(pubkey: Pubkey, kind: number): { createdAtSec: number; urls: readonly string[] } | null;
  put(pubkey: Pubkey, kind: number, createdAtSec: number, urls: readonly string[]): void;
}

/** What the owner added to the configured relays, or took away from them. */
export interface RelayChoicesTable {
  /** In the order of the choices. */
  list(): { url: string; wanted: boolean }[];
  put(url: string, wanted: boolean, atMs: UnixMs): void;
}

export interface IdempotencyTable {
  get(key: string, sinceMs: UnixMs): { request: string; answer: string } | null;
  /** Older keys than `forgetBeforeMs` are let go of. */
  put(key: string, request: string, answer: string, atMs: UnixMs, forgetBeforeMs: UnixMs): void;
}

/** Messages of strangers that the owner has not let in yet. */
export interface HeldTable {
  /** Without effect where it is held already. */
  put(message: NewMessage): void;
  get(id: string): NewMessage | null;
  /** In the order of arrival. */
  of(peer: Pubkey): NewMessage[];
  removeOf(peer: Pubkey): void;
  /** Strangers with something held, the first come first. */
  peers(): { peer: Pubkey; sinceMs: UnixMs; count: number }[];
  forgetBefore(atMs: UnixMs): void;
}

/** Strangers whom our agent wants to write to. */
export interface PendingContactsTable {
  /** Without effect where there is one already. */
  put(peer: Pubkey, atMs: UnixMs, content: string): void;
  remove(peer: Pubkey): void;
  list(): { peer: Pubkey; atMs: UnixMs; content: string }[];
  forgetBefore(atMs: UnixMs): void;
}

/** Conversations that the loop guard has stopped at some time. */
export interface LoopsTable {
  get(peer: Pubkey): LoopRecord | null;
  set(peer: Pubkey, record: LoopRecord): void;
  /** Those that were paused later than this and not resumed. */
  pausedSince(sinceMs: UnixMs): { peer: Pubkey; pausedAtMs: UnixMs }[];
}
interface LoopRecord {
  /** null: resumed. */
  readonly pausedAtMs: UnixMs | null;
  /** Messages before this do not count. */
  readonly countFromMs: UnixMs;
}

/** Keys that got a hello, known or forgotten. */
export interface GreetedTable {
  has(pubkey: Pubkey): boolean;
  add(pubkey: Pubkey, atMs: UnixMs): void;
  countSince(atMs: UnixMs): number;
}

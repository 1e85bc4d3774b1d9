import type { Cancel, ConfirmedMs, UnixMs } from '@ocmesh/shared/ambient';
import type { Pubkey, Trust } from '@ocmesh/shared/contract';
import type { NostrEvent } from '@ocmesh/shared/wire';
import type { NewMessage, Series } from '../model/message.ts';
import type { OutboxEntry, OutboxItem, RelayOutcomeRecord } from '../model/outbox.ts';
import type { OwnerRecord, OwnerRequest } from '../model/owner.ts';
import type { PeerRecord } from '../model/peer.ts';
import type { MessagesTable } from './messages-table.ts';

/**
 * Durable storage of one home. Its opener owns it, and closes it after everything that uses it has stopped.
 *
 * Nothing is shown that a crash could take back: changes are visible in memory at once and in order, but the
 * promises of `transaction` and `read` resolve only when everything they saw is on disk.
 *
 * The callbacks are synchronous, and `Tables` is valid only inside them. Nothing that they change outside the tables is
 * rolled back.
 */
export interface Store {
  /**
   * Runs `change` as one unit: at once, or while the disk is full, after a successful attempt to write again. If it
   * throws, nothing of it is kept, and the promise rejects with the same error.
   * @param mayWaitMs how many milliseconds may pass until it is on disk, so that it needs no write of its own. A read, or
   *   another transaction, ends that; without it, the change is written at once
   * @returns the result of `change`, once it is on disk
   * @throws OcmeshError `storage_full` or `storage_slow` (a later call may succeed), `storage_unavailable` (until the daemon
   *   restarts) or `shutting_down`. Nothing of the change is kept then, nor of those made after it.
   */
  transaction<T>(change: (tables: Tables) => T, mayWaitMs?: (result: T) => number): Promise<T>;
  /**
   * Reads without changing anything.
   * @returns the result of `look`, once everything it may have seen is on disk; if the disk refuses that, `look` runs
   *   again on what the disk has. Does not wait for a disk that is slow, but reads what it has confirmed
   * @throws OcmeshError `storage_unavailable`, or `storage_slow` if the disk cannot be read either
   */
  read<T>(look: (tables: Tables) => T): Promise<T>;
  /** Reads at once, including changes that are not on disk yet. For decisions only; responses use `read`. */
  peek<T>(look: (tables: Tables) => T): T;
  /** Returns why writes are refused, and since when; null while they work. */
  refusal(): { code: 'storage_full' | 'storage_slow' | 'storage_unavailable'; since: UnixMs } | null;
  /**
   * Calls the listener when the disk has not confirmed a write for a while, unless it is cancelled before. Transactions under
   * way go on: nobody knows yet whether they reach the disk.
   */
  onSlow(listener: () => void): Cancel;
  /** Returns the size on disk: of the snapshot, and of the journal since then. */
  size(): { bytes: number; journalBytes: number };
  /** Refuses further changes, and resolves when earlier ones are on disk. Further calls do nothing. */
  close(): Promise<void>;
}

/**
 * The tables of a store. Every method is synchronous and touches only memory. Methods that write may be called only in
 * a transaction. A record that is not there is null; deleting one that is not there does nothing.
 */
export interface Tables {
  readonly meta: MetaTable;
  readonly peers: PeersTable;
  readonly messages: MessagesTable;
  readonly series: SeriesTable;
  readonly shares: SharesTable;
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
  readonly owner: OwnerTable;
  readonly ownerRequests: OwnerRequestsTable;
  readonly times: TimesTable;
}

/** Single values by key. */
export interface MetaTable {
  get(key: MetaKey): string | null;
  set(key: MetaKey, value: string): void;
}
type MetaKey =
  | 'secret_key'
  /** The runs of the daemon whose cursors work: see core/handlers/cursors.ts. */
  | 'cursor_runs'
  | 'presence_at_sec'
  | 'relay_lists_at_sec'
  | 'seen_since_ms'
  | 'time_ms'
  | 'time_offset_ms'
  | 'time_runs'
  | 'time_gap_at_ms'
  | 'policy'
  /** The last number that a request to the owner's phone got: none is given twice. */
  | 'owner_number'
  | 'profile';

/** Which peers are meant. */
export interface PeerSelection {
  readonly online?: { readonly is: boolean; readonly nowMs: UnixMs; readonly windowMs: number };
  readonly trust?: Trust;
  readonly feature?: string;
  readonly capability?: string;
  readonly q?: string;
}

export interface PeerFilter extends PeerSelection {
  readonly limit: number;
  /** Last peer of the previous page. */
  readonly after?: { readonly lastSeenMs: UnixMs; readonly pubkey: string };
}

export interface PeersTable {
  get(pubkey: Pubkey): PeerRecord | null;
  /** Inserts or replaces. `firstSeenMs` of a known peer is kept. */
  put(peer: PeerRecord): void;
  /** Returns peers in the order of their last sign of life, the latest first. */
  list(filter: PeerFilter): PeerRecord[];
  /** Returns what the selected peers say about themselves, without blocked ones unless `trust` asks for them. */
  claims(
    selection: PeerSelection,
  ): Pick<PeerRecord, 'pubkey' | 'name' | 'about' | 'capabilities' | 'lastSeenMs'>[];
  /** Returns the peers to which the owner gave an alias. */
  aliased(): { readonly pubkey: Pubkey; readonly alias: string }[];
  /** Returns known peers whose key starts with these hex digits, up to a hundred. */
  startingWith(digits: string): Pubkey[];
  count(): number;
  countOnline(nowMs: UnixMs, windowMs: number): number;
  /** Returns contacts, and strangers our agent wrote to. */
  correspondents(): Pubkey[];
  /**
   * Forgets up to `limit` strangers, the longest unseen first: those that never wrote, or if there are none, those
   * whose messages are all read; with `answered`, if there are none either, those our agent wrote to that wait for nothing.
   * Never forgets contacts, blocked peers, peers with an alias or a note, or peers with unread messages or a pending request.
   * @returns how many were forgotten
   */
  evict(limit: number, options?: { readonly answered: boolean }): number;
  /** Returns agents that got no hello and are not blocked: named peers first, then those that greeted us, then the last seen. */
  ungreeted(limit: number): Pubkey[];
  /** Whether our agent ever wrote to this peer. */
  hasWrittenTo(pubkey: Pubkey): boolean;
  /** Takes the next number of this conversation, starting at 1. A write: the number is used up. */
  nextSeq(pubkey: Pubkey): number;
}

/** The current series of each peer. */
export interface SeriesTable {
  get(peer: Pubkey): Series | null;
  put(peer: Pubkey, series: Series): void;
}

/** How our agent stands to a peer, as far as it decides how much of the store the peer may fill. */
export type Standing = 'contact' | 'answered' | 'stranger' | 'blocked';

/** What the messages with one peer take, or those of several. In bytes with everything that their rows cost. */
export interface Share {
  /** Incoming messages, held ones included. */
  readonly received: number;
  readonly receivedCount: number;
  /** Incoming messages that were read and owe no receipt. */
  readonly removable: number;
  readonly unreadCount: number;
  /** Text and data of unread messages alone. */
  readonly unreadText: number;
  readonly sent: number;
  /** Events on their way to the peer. */
  readonly outbox: number;
}

/** How much of the store each peer fills. The sums are kept, so that reading them costs the same however many there are. */
export interface SharesTable {
  of(peer: Pubkey): Share;
  /** Returns the sums of all peers of each standing. */
  sums(): Readonly<Record<Standing, Share>>;
  /** Returns the peers that hold most: of what was received or sent, if some of it may be removed; or of what was not read. */
  largest(
    what: 'received' | 'sent' | 'kept',
    options: { readonly limit: number; readonly withoutContacts?: boolean },
  ): Pubkey[];
  /**
   * Removes up to `limit` of the oldest messages of one conversation that nobody waits for: read ones that owe no receipt
   * (all, if the peer is blocked), or sent ones that are no longer in the outbox.
   * @returns how many were removed
   */
  removeOldest(what: 'received' | 'sent', peer: Pubkey, limit: number): number;
}

/** Items on their way out, and the outcomes of their attempts. */
export interface OutboxTable {
  insert(item: OutboxItem): void;
  get(eventId: string): OutboxItem | null;
  /** Returns all items without their events, the oldest first. */
  entries(): OutboxEntry[];
  /** Returns the event ids of items that expired by this time. */
  expired(nowMs: ConfirmedMs): string[];
  /** Replaces an item's event by a re-signed one, which takes over the place, the outcomes and the message's event id. */
  replace(eventId: string, event: NostrEvent): void;
  /** Removes an item. The outcomes of a message are kept as long as the message. */
  remove(eventId: string): void;
  /**
   * Removes up to `limit` items whose message a relay accepted, to one peer or to anyone, the oldest first.
   * @returns how many were removed
   */
  removePublished(limit: number, peer?: Pubkey): number;
  /** Records the outcome on one relay, replacing an earlier one unless that was final. */
  record(eventId: string, outcome: RelayOutcomeRecord): void;
  /** Changes the outcome on one relay, even a final one, to `dropped`. */
  revoke(eventId: string, outcome: Pick<RelayOutcomeRecord, 'url' | 'reason' | 'atMs'>): void;
  /** Returns the outcomes in order of time. */
  outcomes(eventId: string): RelayOutcomeRecord[];
}

/**
 * Ids of events that were verified and processed. Those with an effect must not count as new again: a catch-up reaches
 * back only as far as they do. Those without are remembered to save work.
 */
export interface SeenTable {
  has(eventId: string): boolean;
  /** Whether a message of this peer with this id was removed to make room. It may come again in another event. */
  hasRemoved(peer: Pubkey, id: string): boolean;
  /** Adds an event with an effect. @param url the relay it came from */
  add(eventId: string, atMs: ConfirmedMs, url: string): void;
  /** Adds an event without an effect, or whose effect may happen again. */
  addIgnored(eventId: string, atMs: ConfirmedMs): void;
  /** Forgets ids added before this time, and raises `knownSinceMs` of all relays to it, which never goes back. */
  forgetBefore(atMs: ConfirmedMs): void;
  countByRelay(): { url: string; count: number }[];
  /** Forgets all but the newest `count` ids that came from this relay, none added after `atMostMs`, and raises its `knownSinceMs`. */
  keepNewestOf(url: string, count: number, atMostMs: ConfirmedMs): void;
  /** Returns the number of ids of events without an effect and of removed messages. */
  countIgnored(): number;
  /** Forgets all but the newest `count` of them. */
  keepNewestIgnored(count: number): void;
  /** Returns the time since which all ids from this relay are known; older events would count as new. */
  knownSinceMs(url: string): ConfirmedMs;
}

export interface RelaysTable {
  /** Returns the time, by our clock, up to which nothing of this relay can be missing; null before the first catch-up. */
  cursor(url: string): UnixMs | null;
  setCursor(url: string, atMs: UnixMs): void;
  /** Returns the relays that refused an event because of its age. */
  wantingFreshDates(): string[];
  wantFreshDates(url: string, sinceMs: UnixMs): void;
}

/** Newest relay list of each kind (10002, 10050) by each peer, and the relays that the owner named for it. */
export interface RelayListsTable {
  get(pubkey: Pubkey, kind: number): { createdAtSec: number; urls: readonly string[] } | null;
  put(pubkey: Pubkey, kind: number, createdAtSec: number, urls: readonly string[]): void;
  /** Returns the relays that the owner named for this peer. */
  hints(pubkey: Pubkey): readonly string[];
  setHints(pubkey: Pubkey, urls: readonly string[]): void;
}

/** Relays that the owner added to the configured ones (`wanted`) or removed from them. */
export interface RelayChoicesTable {
  /** Returns the choices, the oldest first. */
  list(): { url: string; wanted: boolean }[];
  put(url: string, wanted: boolean, atMs: UnixMs): void;
}

/** Responses to calls with an idempotency key. */
export interface IdempotencyTable {
  /** Returns the call and the response stored under this key since then. */
  get(key: string, sinceMs: ConfirmedMs): { call: string; response: string } | null;
  /** Stores a response, and forgets keys older than `forgetBeforeMs`. */
  put(key: string, call: string, response: string, atMs: ConfirmedMs, forgetBeforeMs: ConfirmedMs): void;
}

/** Messages of strangers that are held for the owner's decision. */
export interface HeldTable {
  /** Does nothing if the message is held already. */
  put(message: NewMessage): void;
  get(id: string): NewMessage | null;
  /** Returns the held messages of this peer in order of arrival. */
  of(peer: Pubkey): NewMessage[];
  removeOf(peer: Pubkey): void;
  /** Returns strangers with held messages that have not ended by then, in order of their first one. */
  peers(shownAtMs: UnixMs): { peer: Pubkey; sinceMs: ConfirmedMs; count: number }[];
  forgetBefore(atMs: ConfirmedMs): void;
  hasExpired(nowMs: UnixMs): boolean;
  removeExpired(nowMs: UnixMs): void;
}

/** Strangers our agent wants to write to, if the owner agrees. */
export interface PendingContactsTable {
  /** Does nothing if there is one for this peer already. */
  put(peer: Pubkey, atMs: ConfirmedMs, content: string): void;
  remove(peer: Pubkey): void;
  list(): { peer: Pubkey; atMs: ConfirmedMs; content: string }[];
  forgetBefore(atMs: ConfirmedMs): void;
}

/** Conversations that the loop guard has ever paused. */
export interface LoopsTable {
  get(peer: Pubkey): LoopRecord | null;
  set(peer: Pubkey, record: LoopRecord): void;
  /** Returns conversations that were paused after this time and not resumed. */
  pausedSince(sinceMs: ConfirmedMs): { peer: Pubkey; pausedAtMs: ConfirmedMs }[];
}
interface LoopRecord {
  /** null once resumed. */
  readonly pausedAtMs: ConfirmedMs | null;
  /** Earlier messages do not count. */
  readonly countFromMs: ConfirmedMs;
}

/** Keys that got a hello, including those of forgotten peers. */
export interface GreetedTable {
  has(pubkey: Pubkey): boolean;
  add(pubkey: Pubkey, atMs: ConfirmedMs): void;
  countSince(atMs: ConfirmedMs): number;
  /** Counts those among them that the owner did not name and that never wrote to us. */
  countUnrepliedSince(atMs: ConfirmedMs): number;
}

/** The owner's phone, if there is one. */
export interface OwnerTable {
  get(): OwnerRecord | null;
  put(owner: OwnerRecord): void;
  remove(): void;
}

/** Requests that were put to the owner's phone. */
export interface OwnerRequestsTable {
  get(number: number): OwnerRequest | null;
  /** Returns all of them, in the order of their numbers. */
  list(): OwnerRequest[];
  /** Adds a request, or replaces the choice of the one with its number. */
  put(request: OwnerRequest): void;
  removeAll(): void;
  forgetBefore(sentAtMs: ConfirmedMs): void;
}

/** The times of everything stored, by the clock of confirmed time. */
export interface TimesTable {
  /** Returns the newest time that is not later than this; null if there is none. */
  newest(untilMs: ConfirmedMs): ConfirmedMs | null;
  /** Moves the times of what was stored since then, so that time that had passed before does not make it older. */
  moveSince(sinceMs: ConfirmedMs, byMs: number): void;
}
